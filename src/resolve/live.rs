//! Asking a resolver, with hickory-resolver: bounded in number and rate, each question tried again within a second.
//!
//! The one part of linchpin that waits for a network, and that looks at a clock beside the command line: an answer
//! is of the moment in which it came.

use std::time::Duration;

use futures_util::StreamExt as _;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record as Found, RecordType as Wire};
use hickory_resolver::{Resolver, TokioResolver};
use jiff::Timestamp;

use super::answers::{Answer, Outcome, Question, Record, RecordType, clean_data, clean_name};
use super::{Options, RATE, ResolveError};

/// Questions that wait for their answer at the same time.
const AT_ONCE: usize = 128;

/// How long each try waits. One lost packet costs the first of them; the last leaves a resolver that has to ask
/// far away its time.
const TRIES: &[Duration] =
    &[Duration::from_millis(800), Duration::from_millis(1_500), Duration::from_millis(3_000)];

/// A resolver that can be asked.
pub struct Live {
    runtime: tokio::runtime::Runtime,
    resolver: TokioResolver,
    /// What stands in answers: its address, or `system`.
    name: String,
    between: Duration,
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
        let provider = TokioRuntimeProvider::default();
        let builder = match options.resolver {
            Some(address) => {
                let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
                (udp.port, tcp.port) = (address.port(), address.port());
                let server = NameServerConfig::new(address.ip(), true, vec![udp, tcp]);
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                Resolver::builder_with_config(config, provider)
            }
            None => Resolver::builder(provider).map_err(|error| failed(&error))?,
        };
        let resolver = builder.with_options(wire_options()).build().map_err(|error| failed(&error))?;
        let rate = options.rate.unwrap_or(RATE).max(1);
        Ok(Live {
            runtime,
            resolver,
            name: options.resolver.map_or_else(|| "system".to_owned(), |address| address.to_string()),
            between: Duration::from_secs(1) / rate,
        })
    }

    /// Asks all of them and waits; every question has an answer, be it that none came. In any order.
    pub fn ask(&self, questions: &[Question]) -> Vec<(Question, Answer)> {
        self.runtime.block_on(async {
            let start = tokio::time::Instant::now();
            let one = |(number, question): (usize, &Question)| {
                let question = question.clone();
                let due = start + self.between * u32::try_from(number).unwrap_or(u32::MAX);
                async move {
                    if tokio::time::Instant::now() < due {
                        tokio::time::sleep_until(due).await;
                    }
                    let outcome = self.outcome(&question).await;
                    (question, Answer { outcome, at: now(), resolver: self.name.clone() })
                }
            };
            futures_util::stream::iter(questions.iter().enumerate().map(one))
                .buffer_unordered(AT_ONCE)
                .collect()
                .await
        })
    }

    async fn outcome(&self, question: &Question) -> Outcome {
        let Ok(name) = Name::from_ascii(format!("{}.", question.name.trim_end_matches('.'))) else {
            return Outcome::Failed;
        };
        let mut last = Outcome::Timeout;
        for patience in TRIES {
            let lookup = self.resolver.lookup(name.clone(), wire_type(question.kind));
            last = match tokio::time::timeout(*patience, lookup).await {
                Ok(Ok(found)) => return records(found.answers()),
                Ok(Err(error)) => negative(&error),
                Err(_) => Outcome::Timeout,
            };
            if !matches!(last, Outcome::Timeout | Outcome::Failed) {
                break;
            }
        }
        last
    }
}

fn wire_options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = TRIES.last().copied().unwrap_or(Duration::from_secs(3));
    options.attempts = 0;
    options.edns0 = true;
    options.use_hosts_file = ResolveHosts::Never;
    options.cache_size = 0;
    options.num_concurrent_reqs = 1;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
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

fn records(found: &[Found]) -> Outcome {
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
