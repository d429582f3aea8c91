//! A resolver that is asked over TLS: what comes back where its certificate is trusted, and where it is not.
#![cfg(all(feature = "cli", feature = "dns-tls"))]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{SHOP, serve};

/// Takes TLS off and leads to a server behind; prints its port.
const TERMINATOR: &str = r#"
import socket, ssl, sys, threading
def pump(source, sink):
    try:
        while data := source.recv(4096):
            sink.sendall(data)
    except OSError:
        pass
def serve(connection):
    try:
        front = context.wrap_socket(connection, server_side=True)
    except OSError:
        return
    back = socket.create_connection(("127.0.0.1", int(sys.argv[3])))
    threading.Thread(target=pump, args=(back, front), daemon=True).start()
    pump(front, back)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
context.set_alpn_protocols(["dot"])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;

/// A certificate for `dns.shop-example.com`, and that of its authority.
const CERTIFICATES: &str = "set -e
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $key -keyout ca.key -out ca.pem -days 30 -subj /CN=authority
openssl req $key -keyout server.key -out server.csr -subj /CN=server
echo 'subjectAltName = DNS:dns.shop-example.com' > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.pem
";

struct Terminator(Child);

impl Drop for Terminator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it before a server; none where openssl or Python is not installed.
fn terminate(folder: &Path, server: SocketAddr) -> Option<(Terminator, u16)> {
    let made = Command::new("sh").args(["-c", CERTIFICATES]).current_dir(folder).output().ok()?;
    if !made.status.success() {
        return None;
    }
    let mut child = Command::new("python3")
        .args(["-c", TERMINATOR, "server.pem", "server.key", &server.port().to_string()])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut line = String::new();
    let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
    let terminator = Terminator(child);
    read.and_then(Result::ok)?;
    Some((terminator, line.trim().parse().ok()?))
}

#[test]
fn a_resolver_is_asked_over_tls_and_only_where_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&[("shop-example.com", SHOP)]);
    let Some((_terminator, port)) = terminate(folder.path(), server.address) else {
        assert!(
            std::env::var_os("LINCHPIN_REQUIRE_PEERS").is_none(),
            "openssl and python3 are not installed"
        );
        eprintln!("skipped: openssl and python3 are not installed");
        return;
    };
    let record = |authority: &str, name: &str, file: &str| {
        let resolver = format!("tls://127.0.0.1:{port}#{name}");
        let output = Command::new(env!("CARGO_BIN_EXE_linchpin"))
            .args(["dns", "shop-example.com", "--resolver", &resolver, "--dns-servers", "off"])
            .args(["--dns", "record", file])
            .env("SSL_CERT_FILE", folder.path().join(authority))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(folder.path().join(file)).unwrap()
    };
    let trusted = record("ca.pem", "dns.shop-example.com", "trusted.dns");
    assert!(trusted.contains("  shop-example.com 300 A 198.18.0.1\n"), "{trusted}");
    assert!(trusted.contains(&format!(" tls://127.0.0.1:{port}#dns.shop-example.com\n")), "{trusted}");
    for (authority, name) in [("ca.pem", "dns.other-example.com"), ("server.pem", "dns.shop-example.com")] {
        let text = record(authority, name, "other.dns");
        assert!(!text.contains("198.18.0.1"), "{authority} {name}: {text}");
    }
}
