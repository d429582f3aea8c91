//! Asking a resolver, with hickory-resolver: bounded in number and rate, each question tried again within a second.
//!
//! Most questions go by the quick way (`quick`), the rest through hickory's own resolver. The one part of linchpin that waits for a network, and that looks at a clock beside the command line: an answer
//! is of the moment in which it came.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Either, join_all, select};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record as Found, RecordType as Wire};
use hickory_resolver::{Resolver, TokioResolver, system_conf};
use jiff::Timestamp;

use super::answers::{Answer, Outcome, Question, Record, RecordType, clean_data, clean_name};
use super::direct::Direct;
use super::quick::Quick;
use super::{Options, RATE, ResolveError, ResolverAddress, Servers};

/// Questions that wait for their answer at the same time.
const AT_ONCE: usize = 128;

/// How long each try waits. One lost packet costs the first of them; the last leaves a resolver that has to ask
/// far away its time.
const TRIES: &[Duration] =
    &[Duration::from_millis(800), Duration::from_millis(1_500), Duration::from_millis(3_000)];

/// A resolver that can be asked: one server, or those of the system.
pub struct Live {
    runtime: tokio::runtime::Runtime,
    /// Each by itself: a try that is given up at one has to go on at the next, which hickory would not know of.
    servers: Vec<Server>,
    /// The server that answered last: one that is silent costs one try, and is left alone then.
    first: AtomicUsize,
    /// Name servers that are asked themselves; none where they are not to be.
    direct: Option<Direct>,
    /// What stands in answers: its address, or `system`.
    name: Arc<str>,
    between: Duration,
}

/// A server, and a resolver that asks it alone.
struct Server {
    address: Option<SocketAddr>,
    resolver: TokioResolver,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("resolver", &self.name).finish_non_exhaustive()
    }
}

impl Live {
    /// The resolver of the options, else that of the system's configuration; never another.
    ///
    /// # Errors
    ///
    /// [`ResolveError::Resolver`] when the system names none.
    pub fn new(options: &Options) -> Result<Self, ResolveError> {
        let failed = |error: &dyn std::fmt::Display| ResolveError::Resolver { message: error.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| failed(&error))?;
        let configurations = match &options.resolver {
            Some(resolver) => vec![server(resolver)?],
            None => {
                let (system, _) = system_conf::read_system_conf().map_err(|error| failed(&error))?;
                system.name_servers().to_vec()
            }
        };
        let servers = configurations.into_iter().map(alone).collect::<Result<Vec<_>, _>>();
        let servers = servers.map_err(|error| failed(&error))?;
        if servers.is_empty() {
            return Err(failed(&"the system names none; give one with `--resolver`"));
        }
        let rate = options.rate.unwrap_or(RATE).max(1);
        Ok(Live {
            runtime,
            servers,
            first: AtomicUsize::new(0),
            direct: match options.servers {
                Servers::AtPort(port) => Some(Direct::at_port(port)),
                Servers::Unasked => None,
            },
            name: options.resolver.as_ref().map_or_else(|| "system".into(), |one| one.to_string().into()),
            between: Duration::from_secs(1) / rate,
        })
    }

    /// Asks all of them and waits; every question has an answer, be it that none came. In any order.
    pub fn ask(&self, questions: &[Question]) -> Vec<(Question, Answer)> {
        self.runtime.block_on(async {
            let quick = join_all(self.servers.iter().map(Server::quick)).await;
            match select(pin!(self.ask_all(questions, &quick)), pin!(listen(&quick))).await {
                Either::Left((answers, _)) => answers,
                Either::Right((never, _)) => match never {},
            }
        })
    }

    async fn ask_all(&self, questions: &[Question], quick: &[Option<Quick>]) -> Vec<(Question, Answer)> {
        let start = tokio::time::Instant::now();
        let one = |(number, question): (usize, &Question)| {
            let question = question.clone();
            let due = start + self.between * u32::try_from(number).unwrap_or(u32::MAX);
            async move {
                if tokio::time::Instant::now() < due {
                    tokio::time::sleep_until(due).await;
                }
                let outcome = self.outcome(&question, quick).await;
                let resolver = question
                    .server
                    .map_or_else(|| Arc::clone(&self.name), |server| server.to_string().into());
                (question, Answer { outcome, at: now(), resolver })
            }
        };
        futures_util::stream::iter(questions.iter().enumerate().map(one))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    async fn outcome(&self, question: &Question, quick: &[Option<Quick>]) -> Outcome {
        let Ok(name) = Name::from_ascii(format!("{}.", question.name.trim_end_matches('.'))) else {
            return Outcome::Failed;
        };
        if let Some(server) = question.server {
            let Some(direct) = &self.direct else { return Outcome::Unasked };
            return direct.ask(server, &name, wire_type(question.kind), TRIES).await;
        }
        let first = self.first.load(Ordering::Relaxed);
        let mut last = Outcome::Timeout;
        for (turn, patience) in TRIES.iter().enumerate() {
            let at = (first + turn) % self.servers.len();
            let asked = self.servers[at].ask(&name, wire_type(question.kind), quick[at].as_ref());
            last = tokio::time::timeout(*patience, asked).await.unwrap_or(Outcome::Timeout);
            if !matches!(last, Outcome::Timeout | Outcome::Failed) {
                self.first.store(at, Ordering::Relaxed);
                break;
            }
        }
        last
    }
}

impl Server {
    /// The quick way to it; none where it cannot be asked over UDP.
    async fn quick(&self) -> Option<Quick> {
        Quick::open(self.address?).await.ok()
    }

    async fn ask(&self, name: &Name, kind: Wire, quick: Option<&Quick>) -> Outcome {
        if let Some(quick) = quick
            && let Some(outcome) = quick.ask(name, kind).await.and_then(|message| certain(&message, kind))
        {
            return outcome;
        }
        match self.resolver.lookup(name.clone(), kind).await {
            Ok(found) => records(found.answers()),
            Err(error) => negative(&error),
        }
    }
}

/// Never ends.
async fn listen(quick: &[Option<Quick>]) -> Infallible {
    join_all(quick.iter().flatten().map(Quick::listen)).await;
    std::future::pending().await
}

/// What a message says by itself; none where it does not say all, as when it ends in an alias.
fn certain(message: &Message, kind: Wire) -> Option<Outcome> {
    match message.metadata.response_code {
        ResponseCode::NoError if message.answers.is_empty() => Some(Outcome::NoData),
        ResponseCode::NoError => {
            let complete = message.answers.iter().any(|record| record.record_type() == kind);
            complete.then(|| records(&message.answers))
        }
        ResponseCode::NXDomain => Some(Outcome::NxDomain),
        ResponseCode::ServFail => Some(Outcome::ServFail),
        ResponseCode::Refused => Some(Outcome::Refused),
        _ => None,
    }
}

fn server(resolver: &ResolverAddress) -> Result<NameServerConfig, ResolveError> {
    let address = resolver.address;
    let mut connections = match &resolver.tls_name {
        Some(name) => vec![over_tls(name)?],
        None => vec![ConnectionConfig::udp(), ConnectionConfig::tcp()],
    };
    for connection in &mut connections {
        connection.port = address.port();
    }
    Ok(NameServerConfig::new(address.ip(), true, connections))
}

#[cfg(feature = "dns-tls")]
fn over_tls(name: &str) -> Result<ConnectionConfig, ResolveError> {
    Ok(ConnectionConfig::tls(name.into()))
}

#[cfg(not(feature = "dns-tls"))]
fn over_tls(_: &str) -> Result<ConnectionConfig, ResolveError> {
    Err(ResolveError::NoTls)
}

/// What asks one server.
fn alone(server: NameServerConfig) -> Result<Server, NetError> {
    let udp = server.connections.iter().find(|connection| connection.protocol == ProtocolConfig::Udp);
    let address = udp.map(|connection| SocketAddr::new(server.ip, connection.port));
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let resolver = Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(wire_options())
        .build()?;
    Ok(Server { address, resolver })
}

fn wire_options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = TRIES.last().copied().unwrap_or(Duration::from_secs(3));
    options.attempts = 0;
    options.edns0 = true;
    options.use_hosts_file = ResolveHosts::Never;
    options.cache_size = 0;
    options.num_concurrent_reqs = 1;
    options
}

/// The only clock beside that of the command line.
#[expect(clippy::disallowed_methods, reason = "an answer is of the moment in which it came")]
fn now() -> Timestamp {
    let second = Timestamp::now().as_second();
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn wire_type(kind: RecordType) -> Wire {
    match kind {
        RecordType::A => Wire::A,
        RecordType::Aaaa => Wire::AAAA,
        RecordType::Cname => Wire::CNAME,
        RecordType::Ns => Wire::NS,
        RecordType::Soa => Wire::SOA,
        RecordType::Mx => Wire::MX,
        RecordType::Txt => Wire::TXT,
        RecordType::Caa => Wire::CAA,
        RecordType::Ds => Wire::DS,
    }
}

fn negative(error: &NetError) -> Outcome {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NXDomain => {
            Outcome::NxDomain
        }
        NetError::Dns(DnsError::NoRecordsFound(_)) => Outcome::NoData,
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => Outcome::ServFail,
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => Outcome::Refused,
        NetError::Timeout => Outcome::Timeout,
        _ => Outcome::Failed,
    }
}

pub(super) fn records(found: &[Found]) -> Outcome {
    let records: Vec<Record> = found.iter().filter_map(record).collect();
    if records.is_empty() { Outcome::NoData } else { Outcome::Records(records) }
}

/// A record of a type that is asked for; signatures and the like say nothing here.
fn record(found: &Found) -> Option<Record> {
    let (kind, data) = match &found.data {
        RData::A(address) => (RecordType::A, address.0.to_string()),
        RData::AAAA(address) => (RecordType::Aaaa, address.0.to_string()),
        RData::CNAME(name) => (RecordType::Cname, plain(&name.0)),
        RData::NS(name) => (RecordType::Ns, plain(&name.0)),
        RData::SOA(start) => {
            (RecordType::Soa, format!("{} {} {}", plain(&start.mname), plain(&start.rname), start.serial))
        }
        RData::MX(mail) => (RecordType::Mx, format!("{} {}", mail.preference, plain(&mail.exchange))),
        RData::TXT(text) => {
            let bytes: Vec<u8> = text.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
            (RecordType::Txt, clean_data(&String::from_utf8_lossy(&bytes)))
        }
        RData::CAA(issuer) => (RecordType::Caa, clean_data(&issuer.to_string())),
        _ if found.record_type() == Wire::DS => (RecordType::Ds, "present".to_owned()),
        _ => return None,
    };
    Some(Record { name: plain(&found.name), kind, data, ttl: found.ttl })
}

fn plain(name: &Name) -> String {
    clean_name(&name.to_ascii())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    /// A server that refuses whatever it is asked; ends with the program.
    fn refusing() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, asker)) = socket.recv_from(&mut packet) {
                const IS_ANSWER: u8 = 0x80;
                const REFUSED: u8 = 5;
                packet[2] |= IS_ANSWER;
                packet[3] = REFUSED;
                let _ = socket.send_to(&packet[..length], asker);
            }
        });
        address
    }

    /// A server that says of every name that there is none under another number, and of another name; then refuses.
    fn confused() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, asker)) = socket.recv_from(&mut packet) {
                const NUMBER: usize = 0;
                const FIRST_LETTER: usize = 13;
                packet[2] |= 0x80;
                for (place, code) in [(NUMBER, 3), (FIRST_LETTER, 3), (NUMBER, 5)] {
                    let mut answer = packet;
                    answer[3] = code;
                    answer[place] ^= u8::from(code == 3);
                    let _ = socket.send_to(&answer[..length], asker);
                }
            }
        });
        address
    }

    #[test]
    fn an_answer_to_another_question_changes_nothing() {
        let options = Options { resolver: Some(confused().into()), ..Options::default() };
        let question = Question::new("example.com", RecordType::A);
        let answers = Live::new(&options).unwrap().ask(&[question]);
        assert_eq!(answers[0].1.outcome, Outcome::Refused);
    }

    #[test]
    fn a_silent_server_is_left_for_the_next() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let options = Options { resolver: Some(silent.local_addr().unwrap().into()), ..Options::default() };
        let mut live = Live::new(&options).unwrap();
        live.servers.push(alone(server(&refusing().into()).unwrap()).unwrap());
        let question = Question::new("example.com", RecordType::A);
        let outcomes = |live: &Live| live.ask(std::slice::from_ref(&question)).remove(0).1.outcome;
        assert_eq!(outcomes(&live), Outcome::Refused);
        assert_eq!(live.first.load(Ordering::Relaxed), 1, "it is asked first from now on");
    }
}
