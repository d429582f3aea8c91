//! What fails in the DNS, end to end: three knots that play three providers on three addresses, a resolver that leads to
//! them, and the program.
#![cfg(feature = "cli")]

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::asked_type;
use super::servers::{Knot, behave, knot_at, reply};

const SOA: &str = "@ 300 IN SOA ns hostmaster 1 7200 900 1209600 300\n";

/// The registry, the organization's own servers, and one half of a ring.
const ONE: &[(&str, &str)] = &[
    (
        "com",
        "@ 300 IN NS ns.one-example.net.\nshop-example 300 IN NS ns.one-example.net.\n\
         shop-example 300 IN DS 12345 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE9B0C6F1E6B7D0C9B5E1F0A2B\n",
    ),
    (
        "one-example.net",
        "@ 300 IN NS ns\n@ 300 IN NS ns2\nns 300 IN A FIRST.1\nns 300 IN AAAA 2001:db8:1::1\nns2 300 IN A FIRST.2\n",
    ),
    ("shop-example.com", SHOP),
    (
        "near-example.com",
        "@ 300 IN NS ns.one-example.net.\n@ 300 IN NS ns2.one-example.net.\nwww 300 IN A 198.18.8.1\n",
    ),
    (
        "ring-example.net",
        "@ 300 IN NS ns.gnir-example.org.\nns 300 IN A 198.18.5.1\napi 300 IN A 198.18.10.1\n",
    ),
];

/// A second operator, and the other half of the ring.
const TWO: &[(&str, &str)] = &[
    ("two-example.org", "@ 300 IN NS ns\nns 300 IN A SECOND.1\n"),
    ("shop-example.com", SHOP),
    ("gnir-example.org", "@ 300 IN NS ns.ring-example.net.\nns 300 IN A 198.18.6.1\n"),
];

/// An operator that the catalog knows. The second of its customer's servers does not serve the zone.
const THREE: &[(&str, &str)] = &[
    ("awsdns-01.com", "@ 300 IN NS ns-1\nns-1 300 IN A THIRD.1\n"),
    (
        "pay-example.com",
        "@ 300 IN NS ns-1.awsdns-01.com.\n@ 300 IN NS ns.two-example.org.\nwww 300 IN A 198.18.11.1\n",
    ),
];

const SHOP: &str = "@ 300 IN NS ns.one-example.net.\n@ 300 IN NS ns.two-example.org.\n\
                    www 300 IN A 198.18.9.1\nwww 300 IN AAAA 2001:db8:9::1\n";

const NAMES: &[&str] =
    &["www.shop-example.com", "www.near-example.com", "api.ring-example.net", "www.pay-example.com"];

const SYSTEMS: &str =
    "prefix,asn\n198.18.1.0/24,64500\n198.18.2.0/24,64500\n2001:db8:1::/48,64500\n198.18.9.0/24,64501\n";

/// The providers, and a resolver before them.
struct World {
    _knots: Vec<Knot>,
    /// That of the knots, which stand at addresses of their own.
    port: u16,
    resolver: SocketAddr,
    folder: tempfile::TempDir,
}

/// Starts them; the networks are those in which the zones say that the servers stand. None where knot is not installed.
fn world(networks: [&str; 3]) -> Option<World> {
    let mut knots: Vec<Knot> = Vec::new();
    let mut routes: Vec<(String, SocketAddr)> = Vec::new();
    for (number, zones) in [ONE, TWO, THREE].into_iter().enumerate() {
        let text = |zone: &str| {
            let zone = zone.replace("FIRST", networks[0]).replace("SECOND", networks[1]);
            SOA.to_owned() + &zone.replace("THIRD", networks[2])
        };
        let zones: Vec<(&str, String)> = zones.iter().map(|(name, zone)| (*name, text(zone))).collect();
        let zones: Vec<(&str, &str)> = zones.iter().map(|(name, zone)| (*name, zone.as_str())).collect();
        let port = knots.first().map_or(0, |first| first.address.port());
        let place = format!("127.0.{}.1:{port}", number + 1).parse().unwrap();
        let knot = knot_at(place, &zones)?;
        routes.extend(zones.iter().map(|(name, _)| ((*name).to_owned(), knot.address)));
        knots.push(knot);
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("shop")).unwrap();
    for name in NAMES {
        let ingress = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {}}}\nspec:\n  rules:\n    - host: {name}\n",
            name.replace('.', "-")
        );
        fs::write(folder.path().join(format!("shop/{name}.yaml")), ingress).unwrap();
    }
    let port = knots[0].address.port();
    Some(World { _knots: knots, port, resolver: behave(move |_, query| Some(lead(&routes, query))), folder })
}

/// Asks the server of the innermost zone that a question is in, or of the one above for what stands there.
fn lead(routes: &[(String, SocketAddr)], query: &[u8]) -> Vec<u8> {
    const DS: u16 = 43;
    const REFUSED: u8 = 5;
    let name = name_of(query);
    let is_in =
        |zone: &str| name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let innermost = routes
        .iter()
        .filter(|(zone, _)| is_in(zone) && (asked_type(query) != DS || *zone != name))
        .max_by_key(|(zone, _)| zone.len());
    let Some((_, server)) = innermost else { return reply(query, REFUSED) };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    socket.send_to(query, server).unwrap();
    let mut packet = vec![0; 4096];
    let length = socket.recv(&mut packet).unwrap_or(0);
    packet.truncate(length);
    packet
}

fn name_of(query: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    labels.join(".")
}

impl World {
    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_linchpin"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Looks everything up and keeps the answers.
    fn record(&self, servers: &str) {
        let resolver = self.resolver.to_string();
        let how = [
            "scan",
            "shop",
            "--dns",
            "record",
            "shop.dns",
            "--resolver",
            &resolver,
            "--dns-servers",
            servers,
        ];
        let recorded = self.run(&[&how[..], &["--format", "json"]].concat());
        let replayed = self.run(&["scan", "shop", "--dns", "replay", "shop.dns", "--format", "json"]);
        assert!(recorded == replayed, "the recording gives the same bytes");
    }

    /// The messages of the findings of a rule.
    fn found(&self, rule: &str) -> Vec<String> {
        let scan = self.run(&["scan", "shop", "--dns", "replay", "shop.dns", "--format", "json"]);
        let scan: serde_json::Value = serde_json::from_slice(&scan).unwrap();
        let findings = scan["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule);
        findings.map(|finding| finding["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Which names each failure takes down: `FAILURE: NAMES`.
    fn down(&self, arguments: &[&str]) -> Vec<String> {
        let how = ["simulate", "shop", "--dns", "replay", "shop.dns", "--format", "json"];
        let failures: serde_json::Value =
            serde_json::from_slice(&self.run(&[&how[..], arguments].concat())).unwrap();
        let mut all = Vec::new();
        for failure in failures.as_array().unwrap() {
            let services = failure["services"].as_array().unwrap().iter();
            let down = services.filter(|service| service["state"] == "down");
            let down: Vec<&str> = down.map(|service| service["id"].as_str().unwrap()).collect();
            if !down.is_empty() {
                all.push(format!("{}: {}", failure["name"].as_str().unwrap(), down.join(" ")));
            }
        }
        all.sort();
        all
    }
}

#[test]
fn each_kind_of_failure_takes_down_what_hangs_on_it() {
    let Some(world) = world(["198.18.1", "198.18.2", "198.18.3"]) else { return };
    world.record("off");
    let names = world.down(&["--each", "name"]);
    for (name, takes) in [
        ("zone:shop-example.com", Some("domain:www.shop-example.com")),
        ("zone:gnir-example.org", Some("domain:api.ring-example.net")),
        ("zone:one-example.net", Some("domain:www.near-example.com")),
        ("zone:two-example.org", None),
        ("host:ns.one-example.net", None),
    ] {
        let line = names.iter().find(|line| line.starts_with(&format!("{name}: ")));
        assert_eq!(line.cloned(), takes.map(|takes| format!("{name}: {takes}")), "{names:#?}");
    }
    let addresses = [
        "198.18.10.1: domain:api.ring-example.net",
        "198.18.11.1: domain:www.pay-example.com",
        "198.18.5.1: domain:api.ring-example.net",
        "198.18.6.1: domain:api.ring-example.net",
        "198.18.8.1: domain:www.near-example.com",
        "198.18.9.1: domain:www.shop-example.com",
    ];
    assert_eq!(world.down(&["--each", "address"]), addresses);
    let prefixes = world.down(&["--each", "prefix"]);
    assert_eq!(prefixes.len(), addresses.len() + 1, "{prefixes:#?}");
    assert_eq!(prefixes[0], "198.18.1.0/24: domain:www.near-example.com", "both servers of its zone");
    assert_eq!(
        world.down(&["--each", "cycle"]),
        ["gnir-example.org <-> ring-example.net: domain:api.ring-example.net"]
    );
    assert_eq!(world.down(&["--each", "signature"]), ["zone:shop-example.com: domain:www.shop-example.com"]);
    assert!(
        world.down(&["--each", "operator"]).is_empty(),
        "the zone of the known operator has another server"
    );
}

#[test]
fn each_kind_of_address_fails_without_the_other() {
    let Some(world) = world(["198.18.1", "198.18.2", "198.18.3"]) else { return };
    world.record("off");
    let older = world.down(&["--each", "address", "--without", "ipv6"]);
    assert!(older.contains(&"198.18.9.1: domain:www.shop-example.com".to_owned()), "{older:#?}");
    // Whoever speaks the newer kind alone reaches one name, by the one server that has such an address.
    let newer = world.down(&["--each", "prefix", "--without", "ipv4"]);
    let takes = |prefix: &str, name: &str| {
        let line = newer.iter().find(|line| line.starts_with(prefix)).map(String::as_str);
        line.is_some_and(|line| line.contains(name))
    };
    assert!(takes("2001:db8:1::/48: ", "domain:www.shop-example.com"), "{newer:#?}");
    assert!(takes("2001:db8:9::/48: ", "domain:www.shop-example.com"), "{newer:#?}");
    let signed = world.down(&["--each", "signature", "--without", "ipv6"]);
    assert_eq!(signed, ["zone:shop-example.com: domain:www.shop-example.com"]);
}

#[test]
fn what_one_system_announces_fails_together_where_a_table_says_so() {
    let Some(world) = world(["198.18.1", "198.18.2", "198.18.3"]) else { return };
    world.record("off");
    let folder = world.folder.path().join("shop");
    fs::write(folder.join("as.csv"), SYSTEMS).unwrap();
    fs::write(folder.join("linchpin.toml"), "[data]\nautonomous-systems = \"as.csv\"\n").unwrap();
    assert_eq!(
        world.down(&["--each", "as"]),
        [
            "AS64500: domain:www.near-example.com domain:www.shop-example.com",
            "AS64501: domain:www.shop-example.com",
        ]
    );
    let table = world.run(&["simulate", "shop", "--dns", "replay", "shop.dns", "--each", "as"]);
    let table = String::from_utf8_lossy(&table);
    assert!(table.contains("Who announces 7 of the addresses is not known."), "{table}");
    let shared = world.found("nameservers-share-network");
    assert!(
        shared.contains(&"all name servers of `shop-example.com` stand in AS64500".to_owned()),
        "{shared:#?}"
    );
}

#[test]
fn an_operator_whose_only_companion_does_not_serve_the_zone_is_alone() {
    let Some(world) = world(["127.0.1", "127.0.2", "127.0.3"]) else { return };
    world.record(&world.port.to_string());
    assert_eq!(
        world.found("lame-delegation"),
        ["`pay-example.com` is delegated to `ns.two-example.org`, which refuses to answer for it"]
    );
    assert_eq!(world.found("single-dns-operator"), ["`Amazon Web Services` alone serves `pay-example.com`"]);
    assert_eq!(world.down(&["--each", "operator"]), ["provider:aws: domain:www.pay-example.com"]);
}
