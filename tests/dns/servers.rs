//! Name servers on loopback: hickory's in this process, scripted ones, and knot.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use hickory_proto::serialize::txt::Parser;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_server::Server;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use linchpin::resolve::{Outcome, RecordType};

use super::ask;

/// A name server on loopback, over UDP and TCP, that is gone with the value.
pub(super) struct NameServer {
    pub(super) address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }
}

pub(super) fn serve(zones: &[(&str, &str)]) -> NameServer {
    serve_at("127.0.0.1:0".parse().unwrap(), zones)
}

pub(super) fn serve_at(place: SocketAddr, zones: &[(&str, &str)]) -> NameServer {
    let zones: Vec<(String, String)> =
        zones.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut catalog = Catalog::new();
            for (origin, text) in &zones {
                let origin = Name::from_ascii(format!("{origin}.")).unwrap();
                let (name, records) = Parser::new(text.as_str(), None, Some(origin)).parse().unwrap();
                let zone: InMemoryZoneHandler<TokioRuntimeProvider> =
                    InMemoryZoneHandler::new(name.clone(), records, ZoneType::Primary, AxfrPolicy::Deny)
                        .unwrap();
                catalog.upsert(name.into(), vec![Arc::new(zone)]);
            }
            let mut server = Server::new(catalog);
            let udp = tokio::net::UdpSocket::bind(place).await.unwrap();
            let address = udp.local_addr().unwrap();
            server.register_socket(udp);
            let tcp = tokio::net::TcpListener::bind(address).await.unwrap();
            server.register_listener(tcp, Duration::from_secs(5), 16);
            tell.send(address).unwrap();
            // The end of the test drops the sender.
            drop(stopped.await);
        });
    });
    NameServer { address: told.recv().unwrap(), stop: Some(stop) }
}

/// A server over UDP that does to the n-th packet what the function says.
pub(super) fn behave(answer: impl Fn(usize, &[u8]) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    behave_at("127.0.0.1:0".parse().unwrap(), answer)
}

pub(super) fn behave_at(
    place: SocketAddr,
    answer: impl Fn(usize, &[u8]) -> Option<Vec<u8>> + Send + 'static,
) -> SocketAddr {
    let socket = UdpSocket::bind(place).unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut packet = [0_u8; 4096];
        for number in 0.. {
            let Ok((length, from)) = socket.recv_from(&mut packet) else { return };
            if let Some(reply) = answer(number, &packet[..length]) {
                let _ = socket.send_to(&reply, from);
            }
        }
    });
    address
}

/// An empty reply to a query, with a response code.
pub(super) fn reply(query: &[u8], code: u8) -> Vec<u8> {
    let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let mut reply = query[..end].to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0x80 | code]);
    reply[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    reply
}

/// A knot name server that is stopped with the value.
pub(super) struct Knot {
    process: std::process::Child,
    pub(super) address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Knot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts knot on a free port of loopback, with its zones signed; none where it is not installed.
pub(super) fn knot(zones: &[(&str, &str)]) -> Option<Knot> {
    knot_at("127.0.0.1:0".parse().unwrap(), zones)
}

/// The same at one address; port 0 is a free one.
pub(super) fn knot_at(place: SocketAddr, zones: &[(&str, &str)]) -> Option<Knot> {
    let program = ["/usr/sbin/knotd", "/usr/bin/knotd"].into_iter().find(|path| Path::new(path).exists());
    let Some(program) = program else {
        assert!(std::env::var_os("LINCHPIN_REQUIRE_PEERS").is_none(), "knotd is not installed");
        eprintln!("skipped: knotd is not installed");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let address = UdpSocket::bind(place).unwrap().local_addr().unwrap();
    let config = folder.path().join("knot.conf");
    fs::write(&config, configuration(folder.path(), address, zones)).unwrap();
    for (name, zone) in zones {
        fs::write(folder.path().join(format!("{name}.zone")), format!("$ORIGIN {name}.\n{zone}")).unwrap();
    }
    let process = std::process::Command::new(program)
        .arg("-c")
        .arg(&config)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let knot = Knot { process, address, _folder: folder };
    for _ in 0..100 {
        let all = zones.iter().map(|(zone, _)| (*zone, RecordType::Soa)).collect::<Vec<_>>();
        if ask(address, &all).iter().all(|outcome| matches!(outcome, Outcome::Records(_))) {
            return Some(knot);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("knot does not answer on {address}");
}

fn configuration(folder: &Path, address: SocketAddr, zones: &[(&str, &str)]) -> String {
    let place = folder.display();
    let mut text = format!(
        "server:\n  rundir: \"{place}\"\n  listen: {}@{}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n\
         database:\n  storage: \"{place}\"\ntemplate:\n  - id: default\n    storage: \"{place}\"\n    file: \"%s.zone\"\n    \
         dnssec-signing: on\n    zonefile-sync: -1\nzone:\n",
        address.ip(),
        address.port()
    );
    for (name, _) in zones {
        text.push_str(&format!("  - domain: {name}\n"));
    }
    text
}
