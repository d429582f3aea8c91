//! Asking name servers themselves, and nobody behind them: whether they answer for a zone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::net::UdpSocket;

use super::answers::Outcome;
use super::live::records;
use super::quick::{answers, unspecified};

/// After so many questions without an answer, one after the other, a server is left alone.
const PATIENCE: u32 = 3;

/// What an answer may take without being asked for more, in bytes.
const LARGEST: usize = 512;

/// Name servers that are asked themselves, at one port.
pub(super) struct Direct {
    port: u16,
    /// How many questions each left without an answer since its last.
    silent: RefCell<HashMap<IpAddr, u32>>,
}

impl Direct {
    pub(super) fn at_port(port: u16) -> Self {
        Direct { port, silent: RefCell::default() }
    }

    /// Asks one server, as often as there are times to wait; one that was silent for long is not asked again.
    pub(super) async fn ask(
        &self,
        server: IpAddr,
        name: &Name,
        kind: RecordType,
        tries: &[Duration],
    ) -> Outcome {
        if !is_one_machine(server) || PATIENCE <= self.silent.borrow().get(&server).copied().unwrap_or(0) {
            return Outcome::Unasked;
        }
        let mut last = Outcome::Timeout;
        for patience in tries {
            let asked =
                tokio::time::timeout(*patience, exchange(SocketAddr::new(server, self.port), name, kind));
            last = match asked.await {
                Err(_) => Outcome::Timeout,
                Ok(Err(_)) => Outcome::Failed,
                Ok(Ok(message)) => said(&message, name, kind),
            };
            if !last.is_silence() {
                break;
            }
        }
        let mut silent = self.silent.borrow_mut();
        if last.is_silence() {
            *silent.entry(server).or_default() += 1;
        } else {
            silent.remove(&server);
        }
        last
    }
}

/// Whether an address is that of one machine: nothing is sent to many because a record says so.
fn is_one_machine(address: IpAddr) -> bool {
    let many = match address {
        IpAddr::V4(v4) => v4.is_broadcast(),
        IpAddr::V6(_) => false,
    };
    !many && !address.is_multicast() && !address.is_unspecified()
}

/// One question on a socket of its own, without the wish that the server ask others; answers to other questions are not
/// heard.
async fn exchange(server: SocketAddr, name: &Name, kind: RecordType) -> io::Result<Message> {
    let socket = UdpSocket::bind((unspecified(server.ip()), 0)).await?;
    socket.connect(server).await?;
    let query = Query::query(name.clone(), kind);
    let mut message = Message::query();
    message.metadata.recursion_desired = false;
    message.add_query(query.clone());
    socket.send(&message.to_vec().map_err(io::Error::other)?).await?;
    let mut packet = [0; LARGEST];
    loop {
        let length = socket.recv(&mut packet).await?;
        match Message::from_vec(&packet[..length]) {
            Ok(answer) if answer.metadata.id == message.metadata.id && answers(&answer, &query) => {
                return Ok(answer);
            }
            _ => {}
        }
    }
}

/// What a server says by itself. Of records that did not fit, that there are some is enough.
fn said(message: &Message, name: &Name, kind: RecordType) -> Outcome {
    let asked =
        |record: &&hickory_resolver::proto::rr::Record| record.record_type() == kind && record.name == *name;
    match message.metadata.response_code {
        ResponseCode::ServFail => Outcome::ServFail,
        ResponseCode::Refused => Outcome::Refused,
        ResponseCode::NotAuth => Outcome::NotAuth,
        ResponseCode::NoError | ResponseCode::NXDomain if !message.metadata.authoritative => Outcome::NotAuth,
        ResponseCode::NXDomain => Outcome::NxDomain,
        ResponseCode::NoError => {
            let found: Vec<_> = message.answers.iter().filter(asked).cloned().collect();
            records(&found)
        }
        _ => Outcome::Failed,
    }
}
