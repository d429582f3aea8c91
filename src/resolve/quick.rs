//! The quick way to ask over UDP: many questions on few sockets, in messages of hickory-proto.
//!
//! hickory-resolver opens a socket for each question and passes it through the layers of its pool, which is most of what
//! a look-up costs on a fast network. What this way cannot tell for certain (an answer that was cut, one that ends in an alias
//! alone, a socket that fails) is [`None`], and asked again through hickory-resolver.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use futures_util::future::join_all;
use hickory_resolver::proto::op::{Edns, Message, MessageType, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::net::UdpSocket;
use tokio::sync::oneshot;

/// Sockets to one server, each on a port of its own that the system draws.
const SOCKETS: usize = 16;

/// The largest answer that is asked for over UDP, in bytes: what passes every network in one piece.
const LARGEST: u16 = 1_232;

/// Sockets to one server, for one batch of questions.
pub(super) struct Quick {
    lanes: Vec<Lane>,
    next: Cell<usize>,
}

/// One socket. It is connected, so that only the server's packets reach it.
struct Lane {
    socket: UdpSocket,
    waiting: RefCell<HashMap<u16, Waiting>>,
}

/// A question that has no answer yet.
struct Waiting {
    query: Query,
    /// None when it was told.
    answer: Option<oneshot::Sender<Message>>,
}

impl Quick {
    /// Opens the sockets.
    pub(super) async fn open(server: SocketAddr) -> io::Result<Self> {
        let here = unspecified(server.ip());
        let mut lanes = Vec::with_capacity(SOCKETS);
        for _ in 0..SOCKETS {
            let socket = UdpSocket::bind((here, 0)).await?;
            socket.connect(server).await?;
            lanes.push(Lane { socket, waiting: RefCell::default() });
        }
        Ok(Quick { lanes, next: Cell::new(0) })
    }

    /// Asks once, and waits for as long as the caller does. [`None`] when the answer cannot come this way.
    pub(super) async fn ask(&self, name: &Name, kind: RecordType) -> Option<Message> {
        let lane = self.lanes.get(self.next.get() % self.lanes.len())?;
        self.next.set(self.next.get().wrapping_add(1));
        let query = Query::query(name.clone(), kind);
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(query.clone());
        let mut edns = Edns::new();
        edns.set_max_payload(LARGEST);
        message.set_edns(edns);
        let (place, answer) = lane.wait_for(&mut message, query)?;
        lane.socket.send(&message.to_vec().ok()?).await.ok()?;
        let answer = answer.await.ok();
        drop(place);
        answer.filter(|answer| !answer.metadata.truncation)
    }

    /// Hands answers to whoever waits for them; has to be polled beside [`Quick::ask`].
    pub(super) async fn listen(&self) -> Infallible {
        join_all(self.lanes.iter().map(Lane::listen)).await;
        std::future::pending().await
    }
}

impl Lane {
    /// Registers a question under its number, another one where that is taken.
    fn wait_for(
        &self,
        message: &mut Message,
        query: Query,
    ) -> Option<(Place<'_>, oneshot::Receiver<Message>)> {
        let (sender, answer) = oneshot::channel();
        let mut waiting = self.waiting.borrow_mut();
        for _ in 0..8 {
            let id = message.metadata.id;
            if let Entry::Vacant(place) = waiting.entry(id) {
                place.insert(Waiting { query, answer: Some(sender) });
                return Some((Place { lane: self, id }, answer));
            }
            message.metadata.id = Message::query().metadata.id;
        }
        None
    }

    async fn listen(&self) {
        let mut packet = [0; LARGEST as usize];
        while self.socket.readable().await.is_ok() {
            loop {
                match self.socket.try_recv(&mut packet) {
                    Ok(length) => self.deliver(&packet[..length]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => {
                        // Nobody is there: who waits is told at once.
                        self.waiting.borrow_mut().values_mut().for_each(|asked| asked.answer = None);
                        break;
                    }
                }
            }
        }
    }

    /// An answer counts when its number and question are those of a question that waits; others change nothing. One that
    /// cannot be read ends the wait.
    fn deliver(&self, packet: &[u8]) {
        let &[high, low, ..] = packet else { return };
        let mut waiting = self.waiting.borrow_mut();
        let Some(asked) = waiting.get_mut(&u16::from_be_bytes([high, low])) else { return };
        match Message::from_vec(packet) {
            Ok(message) if answers(&message, &asked.query) => {
                if let Some(answer) = asked.answer.take() {
                    // Who asked may have given up in the meantime.
                    let _ = answer.send(message);
                }
            }
            Ok(_) => {}
            Err(_) => asked.answer = None,
        }
    }
}

/// Keeps a number taken for as long as its question waits.
struct Place<'a> {
    lane: &'a Lane,
    id: u16,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.lane.waiting.borrow_mut().remove(&self.id);
    }
}

/// Any address of this machine from which another can be reached.
pub(super) fn unspecified(other: IpAddr) -> IpAddr {
    match other {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// Whether a message answers a question.
pub(super) fn answers(message: &Message, asked: &Query) -> bool {
    message.metadata.message_type == MessageType::Response && message.queries == std::slice::from_ref(asked)
}
