//! Look-ups against name servers on loopback: what is asked, what the answers mean, and that recordings replay.
#![expect(clippy::print_stderr, reason = "what was not checked is said")]
#![cfg(feature = "dns")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use linchpin::report::{self, Report};
use linchpin::resolve::{
    Answer, Answers, Lookups, Options, Outcome, Question, RecordType, Servers, live::Live, recording,
};
use linchpin::scan::{self, Request};

mod providers;
mod servers;
mod tls;

use servers::{NameServer, behave, behave_at, knot, reply, serve, serve_at};

const SHOP: &str = "\
$TTL 300
@ IN SOA ns1.dns-example.net. hostmaster.shop-example.com. 1 7200 900 1209600 300
@ IN NS ns1.dns-example.net.
@ IN NS ns2.dns-example.net.
@ IN MX 0 shop-example-com.mail.protection.outlook.com.
@ IN TXT \"v=spf1 include:_spf.google.com -all\"
@ IN A 198.18.0.1
www IN CNAME shop.cdn-example.org.
old IN CNAME shop-old.azurewebsites.net.
a IN CNAME b
b IN CNAME a
*.any IN A 198.18.0.7
text IN TXT \"nothing else\"
";
const DNS: &str = "\
$TTL 3600
@ IN SOA ns1.dns-example.net. hostmaster.dns-example.net. 1 7200 900 1209600 300
@ IN NS ns1.dns-example.net.
@ IN NS ns2.dns-example.net.
ns1 IN A 198.18.5.1
ns2 IN A 198.18.5.2
";
const CDN: &str = "\
$TTL 60
@ IN SOA ns1.dns-example.net. hostmaster.cdn-example.org. 1 7200 900 1209600 300
@ IN NS ns1.dns-example.net.
@ IN NS gone.dns-example.net.
shop IN CNAME edge.cdn-example.org.
edge IN A 198.18.9.1
edge IN A 198.18.9.2
";
const AZURE: &str = "\
$TTL 60
@ IN SOA ns1.azurewebsites.net. hostmaster.azurewebsites.net. 1 7200 900 1209600 300
@ IN NS ns1-205.azure-dns.com.
";

fn options(resolver: SocketAddr, lookups: Lookups, names: &[&str]) -> Options {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    // The zones name servers at addresses for documentation: nothing is to be sent there.
    let servers = Servers::Unasked;
    Options { lookups, resolver: Some(resolver.into()), servers, names, rate: Some(100_000) }
}

fn ask(resolver: SocketAddr, questions: &[(&str, RecordType)]) -> Vec<Outcome> {
    let live = Live::new(&options(resolver, Lookups::Live, &[])).unwrap();
    let questions: Vec<Question> = questions.iter().map(|(name, kind)| Question::new(name, *kind)).collect();
    let answers: BTreeMap<Question, Answer> = live.ask(&questions).into_iter().collect();
    questions.iter().map(|question| answers[question].outcome.clone()).collect()
}

fn request(roots: &[&Path], dns: Options) -> Request {
    Request { dns, ..Request::new(roots.iter().copied(), jiff::civil::date(2026, 11, 22)) }
}

fn found(outcome: &scan::Outcome) -> BTreeSet<String> {
    outcome.findings.iter().map(|finding| format!("{} {}", finding.rule, finding.message)).collect()
}

fn json(outcome: &scan::Outcome) -> String {
    let mut out = Vec::new();
    let report: &dyn Report = report::report("json").unwrap();
    report.write(outcome, &mut out, &report::Options::default()).unwrap();
    String::from_utf8(out).unwrap()
}

fn all() -> NameServer {
    serve(&[
        ("shop-example.com", SHOP),
        ("dns-example.net", DNS),
        ("cdn-example.org", CDN),
        ("azurewebsites.net", AZURE),
    ])
}

#[test]
fn the_ways_to_have_no_answer_are_told_apart() {
    let server = all();
    let outcomes = ask(
        server.address,
        &[
            ("nowhere.shop-example.com", RecordType::A),
            ("text.shop-example.com", RecordType::A),
            ("www.not-served-example.com", RecordType::A),
            ("SHOP-example.com.", RecordType::Mx),
            ("any.shop-example.com", RecordType::A),
            ("x.any.shop-example.com", RecordType::A),
        ],
    );
    let words: Vec<_> = outcomes.iter().map(Outcome::word).collect();
    assert_eq!(words, ["NXDOMAIN", "NODATA", "REFUSED", "NOERROR", "NODATA", "NOERROR"]);
    let mail: Vec<_> = outcomes[3].records().iter().map(|record| record.data.as_str()).collect();
    assert_eq!(mail, ["0 shop-example-com.mail.protection.outlook.com"]);
}

#[test]
fn a_server_that_fails_is_no_name_that_is_missing() {
    let server = behave(|_, query| Some(reply(query, 2)));
    assert_eq!(ask(server, &[("shop-example.com", RecordType::A)]), [Outcome::ServFail]);
}

#[test]
fn a_chain_of_aliases_over_zones_is_one_answer() {
    let server = all();
    let outcomes = ask(server.address, &[("www.shop-example.com", RecordType::A)]);
    let records: BTreeSet<_> =
        outcomes[0].records().iter().map(|one| format!("{} {} {}", one.name, one.kind, one.data)).collect();
    assert_eq!(
        records.into_iter().collect::<Vec<_>>(),
        [
            "edge.cdn-example.org A 198.18.9.1",
            "edge.cdn-example.org A 198.18.9.2",
            "shop.cdn-example.org CNAME edge.cdn-example.org",
            "www.shop-example.com CNAME shop.cdn-example.org",
        ]
    );
}

#[test]
fn an_answer_that_does_not_fit_comes_over_tcp() {
    let mut zone = SHOP.to_owned();
    for number in 0..250 {
        zone.push_str(&format!("many IN A 198.18.1.{number}\n"));
    }
    let server = serve(&[("shop-example.com", &zone)]);
    let outcomes = ask(server.address, &[("many.shop-example.com", RecordType::A)]);
    assert_eq!(outcomes[0].records().len(), 250);
}

#[test]
fn a_lost_packet_costs_no_second() {
    let server = behave(|number, query| (number > 0).then(|| reply(query, 3)));
    let start = Instant::now();
    assert_eq!(ask(server, &[("shop-example.com", RecordType::A)]), [Outcome::NxDomain]);
    assert!(start.elapsed() < Duration::from_millis(2_500), "{:?}", start.elapsed());
}

#[test]
fn a_dead_server_and_one_that_talks_nonsense_end_in_time() {
    let dead = behave(|_, _| None);
    let nonsense = behave(|number, query| match number % 4 {
        0 => Some(vec![0xff; 700]),
        1 => Some(vec![0xc0, 0x0c]),
        // Another question's answer.
        2 => Some(reply(query, 3).iter().map(|byte| byte ^ 1).collect()),
        // A name that is compressed into itself.
        _ => {
            let mut packet = reply(query, 0);
            packet[7] = 1;
            let at = packet.len() as u8;
            packet.extend([0xc0, at, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4]);
            Some(packet)
        }
    });
    let start = Instant::now();
    let questions = [("shop-example.com", RecordType::A), ("www.shop-example.com", RecordType::A)];
    assert_eq!(ask(dead, &questions), [Outcome::Timeout, Outcome::Timeout]);
    for outcome in ask(nonsense, &questions) {
        assert!(outcome.records().is_empty(), "{outcome:?}");
        assert_ne!(outcome, Outcome::NxDomain, "an answer to nothing that was asked is none");
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn names_alone_make_an_estate_that_is_judged() {
    let server = all();
    let names = ["shop-example.com", "www.shop-example.com", "old.shop-example.com", "a.shop-example.com"];
    let outcome = scan::scan(&request(&[], options(server.address, Lookups::Live, &names))).unwrap();
    let edges: BTreeSet<String> =
        outcome.estate.edges.iter().map(|edge| format!("{} -> {}", edge.from, edge.to)).collect();
    for edge in [
        "domain:www.shop-example.com -> host:shop.cdn-example.org",
        "host:shop.cdn-example.org -> host:edge.cdn-example.org",
        "host:edge.cdn-example.org -> host:198.18.9.1",
        "host:edge.cdn-example.org -> zone:cdn-example.org",
        "domain:www.shop-example.com -> zone:shop-example.com",
        "zone:shop-example.com -> host:ns1.dns-example.net",
        "host:ns1.dns-example.net -> zone:dns-example.net",
        "zone:dns-example.net -> host:ns1.dns-example.net",
        "domain:shop-example.com -> host:shop-example-com.mail.protection.outlook.com",
        "domain:old.shop-example.com -> host:shop-old.azurewebsites.net",
    ] {
        assert!(edges.contains(edge), "{edge} is not in {edges:#?}");
    }
    let found = found(&outcome);
    for message in [
        "dangling-alias `old.shop-example.com` leads to `shop-old.azurewebsites.net`, which does not exist: whoever asks `Microsoft Azure` for it next has the name",
        "nameservers-share-network all name servers of `shop-example.com` stand in 198.18.5.0/24",
    ] {
        assert!(found.contains(message), "{message} is not in {found:#?}");
    }
    assert!(found.iter().any(|one| one.starts_with("single-mail-provider ")), "{found:#?}");
    let said: Vec<_> = outcome.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(said.iter().any(|one| one.contains("back to itself")), "{said:?}");
}

#[test]
fn a_recording_replays_byte_for_byte_without_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.dns");
    let names = ["shop-example.com", "www.shop-example.com", "x.any.shop-example.com"];
    let recorded = {
        let server = all();
        let options = options(server.address, Lookups::Record(file.clone()), &names);
        json(&scan::scan(&request(&[], options)).unwrap())
    };
    let text = fs::read_to_string(&file).unwrap();
    let (answers, extent) = recording::parse(&text).unwrap();
    assert_eq!(recording::write(&answers, extent), text);
    let nobody = "127.0.0.1:9".parse().unwrap();
    let replayed =
        || json(&scan::scan(&request(&[], options(nobody, Lookups::Replay(file.clone()), &names))).unwrap());
    assert_eq!(replayed(), recorded);
    assert_eq!(replayed(), recorded);
}

#[test]
fn a_recording_that_was_interrupted_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.dns");
    let mut begun = Answers::new();
    let at: jiff::Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let answer = |outcome| Answer { outcome, at, resolver: "before".into() };
    begun.insert(Question::new("shop-example.com", RecordType::A), answer(Outcome::NoData));
    begun.insert(Question::new("shop-example.com", RecordType::Ns), answer(Outcome::Timeout));
    fs::write(&file, recording::write(&begun, recording::Extent::InPart)).unwrap();
    let server = all();
    let run = || {
        scan::scan(&request(
            &[],
            options(server.address, Lookups::Record(file.clone()), &["shop-example.com"]),
        ))
        .unwrap();
        fs::read_to_string(&file).unwrap()
    };
    let text = run();
    assert!(text.contains("shop-example.com A NODATA 2026-11-01T00:00:00Z before\n"), "kept: {text}");
    assert!(!text.contains("TIMEOUT"), "asked again: {text}");
    assert!(!run().contains("before"), "a whole recording is made anew");
}

#[test]
fn manifests_and_the_dns_are_one_estate() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop-example.com.zone"), format!("$ORIGIN shop-example.com.\n{SHOP}"))
        .unwrap();
    let off = scan::scan(&request(&[folder.path()], Options::default())).unwrap();
    let server = all();
    let live = scan::scan(&request(&[folder.path()], options(server.address, Lookups::Live, &[]))).unwrap();
    let unresolved = |outcome: &scan::Outcome| outcome.completeness.unresolved_names;
    assert!(unresolved(&live) < unresolved(&off), "{} of {}", unresolved(&live), unresolved(&off));
    let www = live.estate.nodes.values().filter(|node| node.name == "www.shop-example.com").count();
    assert_eq!(www, 1, "the file's name and the DNS's name are one");
    assert!(!found(&off).iter().any(|one| one.starts_with("dangling-alias")));
    assert!(found(&live).iter().any(|one| one.starts_with("dangling-alias")));
}

#[test]
fn answers_older_than_the_policy_allows_are_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = "# linchpin dns recording 1\nshop-example.com A NOERROR 2026-01-01T00:00:00Z x\n  shop-example.com 60 A 198.18.0.1\n";
    fs::write(folder.path().join("old.dns"), text).unwrap();
    fs::write(folder.path().join("shop.zone"), format!("$ORIGIN shop-example.com.\n{SHOP}")).unwrap();
    fs::write(
        folder.path().join("linchpin.toml"),
        "[dns]\nreplay = \"old.dns\"\n[policy]\nmax-dns-age = \"30d\"\n",
    )
    .unwrap();
    let outcome = scan::scan(&request(&[folder.path()], Options::default())).unwrap();
    let said: Vec<_> = outcome.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(
        said.iter().any(|one| one.starts_with("1 of 1 DNS answers are from before 2026-10-23")),
        "{said:?}"
    );
}

#[test]
fn a_recording_that_is_none_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.dns");
    let run = || {
        let options = Options { lookups: Lookups::Replay(file.clone()), ..Options::default() };
        let options = Options { names: vec!["shop-example.com".to_owned()], ..options };
        scan::scan(&request(&[], options)).unwrap_err().to_string()
    };
    assert!(run().contains("make one with `--dns record="), "{}", run());
    fs::write(&file, "$ORIGIN example.com.\n").unwrap();
    assert!(run().contains("line 1: the first line has to be"), "{}", run());
}

/// What a zone says that is delegated to servers on several addresses of loopback, with their addresses.
const DELEGATED: &str = "\
$TTL 300
@ IN SOA ns1 hostmaster 1 7200 900 1209600 300
@ IN NS good
@ IN NS refuses
@ IN NS fails
@ IN NS repeats
@ IN NS silent
@ IN NS addresses
good IN A 127.0.0.11
refuses IN A 127.0.0.12
fails IN A 127.0.0.13
repeats IN A 127.0.0.14
silent IN A 127.0.0.15
addresses IN A 127.0.0.16
@ IN A 198.18.0.1
";

/// The type that a query asks for.
fn asked_type(query: &[u8]) -> u16 {
    let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
    u16::from_be_bytes([query[end], query[end + 1]])
}

#[test]
fn each_server_of_a_delegation_is_asked_whether_it_answers() {
    const SERVFAIL: u8 = 2;
    const REFUSED: u8 = 5;
    const AUTHORITATIVE: u8 = 0x04;
    const SOA: u16 = 6;
    let zones = [("shop-example.com", DELEGATED)];
    let resolver = serve(&zones);
    let port = resolver.address.port();
    let at = |last: u8| SocketAddr::from(([127, 0, 0, last], port));
    let _good = serve_at(at(11), &zones);
    behave_at(at(12), |_, query| Some(reply(query, REFUSED)));
    behave_at(at(13), |_, query| Some(reply(query, SERVFAIL)));
    behave_at(at(14), |_, query| Some(reply(query, 0)));
    behave_at(at(15), |_, _| None);
    // It balances load, and knows addresses alone.
    behave_at(at(16), |_, query| {
        let mut answer = reply(query, if asked_type(query) == SOA { REFUSED } else { 0 });
        answer[2] |= AUTHORITATIVE;
        Some(answer)
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.dns");
    let options =
        |lookups, servers| Options { servers, ..options(resolver.address, lookups, &["shop-example.com"]) };
    let asked = options(Lookups::Record(file.clone()), Servers::AtPort(port));
    let outcome = scan::scan(&request(&[], asked)).unwrap();
    let lame = |outcome: &scan::Outcome| -> Vec<String> {
        found(outcome).into_iter().filter(|one| one.starts_with("lame-delegation")).collect()
    };
    assert_eq!(
        lame(&outcome),
        [
            "lame-delegation `shop-example.com` is delegated to `fails.shop-example.com`, which fails to answer for it",
            "lame-delegation `shop-example.com` is delegated to `refuses.shop-example.com`, which refuses to answer for it",
            "lame-delegation `shop-example.com` is delegated to `repeats.shop-example.com`, which does not know it itself",
        ]
    );
    let said: Vec<_> = outcome.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(
        said.iter().any(|one| one.starts_with("`silent.shop-example.com` gave no answer of its own")),
        "{said:?}"
    );
    let group = outcome.estate.groups.values().find(|group| group.id.as_str() == "zone:shop-example.com#ns");
    let members: BTreeSet<String> = outcome
        .estate
        .edges
        .iter()
        .filter(|edge| edge.group.as_ref() == group.map(|group| &group.id))
        .map(|edge| edge.to.to_string())
        .collect();
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "domain:addresses.shop-example.com",
            "domain:good.shop-example.com",
            "domain:silent.shop-example.com"
        ],
        "what does not answer is no alternative"
    );
    let replayed =
        scan::scan(&request(&[], options(Lookups::Replay(file.clone()), Servers::Unasked))).unwrap();
    assert_eq!(json(&replayed), json(&outcome));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("@127.0.0.12\n") && text.contains(" TIMEOUT "), "{text}");
    let unasked = scan::scan(&request(&[], options(Lookups::Live, Servers::Unasked))).unwrap();
    assert!(lame(&unasked).is_empty());
}

#[test]
fn a_server_that_is_silent_for_long_is_left_alone() {
    let silent = behave(|_, _| None);
    let servers = Servers::AtPort(silent.port());
    let live = Live::new(&Options { servers, ..options(silent, Lookups::Live, &[]) }).unwrap();
    let words: Vec<&str> = (0..4)
        .map(|number| {
            let question =
                Question::new(&format!("zone{number}.example.com"), RecordType::Soa).to(silent.ip());
            live.ask(&[question]).remove(0).1.outcome.word()
        })
        .collect();
    assert_eq!(words, ["TIMEOUT", "TIMEOUT", "TIMEOUT", "UNASKED"]);
    let many = Question::new("example.com", RecordType::Soa).to("224.0.0.1".parse().unwrap());
    assert_eq!(live.ask(&[many]).remove(0).1.outcome, Outcome::Unasked, "an address of many machines");
}

#[test]
fn knot_with_signed_zones_tells_the_same() {
    let zones = [
        ("shop-example.com", SHOP),
        ("dns-example.net", DNS),
        ("cdn-example.org", CDN),
        ("azurewebsites.net", AZURE),
    ];
    let Some(knot) = knot(&zones) else { return };
    let own = all();
    let names =
        ["shop-example.com", "www.shop-example.com", "old.shop-example.com", "x.any.shop-example.com"];
    let judge = |address| {
        let outcome = scan::scan(&request(&[], options(address, Lookups::Live, &names))).unwrap();
        let edges: BTreeSet<String> =
            outcome.estate.edges.iter().map(|edge| format!("{} -> {}", edge.from, edge.to)).collect();
        (edges, found(&outcome))
    };
    assert_eq!(judge(knot.address), judge(own.address));
}

const OBSERVED: &str = "\
# linchpin dns recording 1
partner.shop-example.com A NOERROR 2026-11-20T09:00:00Z 192.0.2.53:53
  partner.shop-example.com 300 CNAME shops.somebody-else.net
shop-example.com MX NOERROR 2026-11-20T09:00:00Z 192.0.2.53:53
  shop-example.com 300 MX 10 alt1.aspmx.l.google.com
  shop-example.com 300 MX 1 aspmx.l.google.com
shop-example.com A NODATA 2026-11-20T09:00:00Z 192.0.2.53:53
shop-example.com NS NOERROR 2026-11-20T09:00:00Z 192.0.2.53:53
  shop-example.com 172800 NS ns-1.awsdns-01.com
  shop-example.com 172800 NS ns-513.awsdns-02.net
www.shop-example.com A NOERROR 2026-11-20T09:00:00Z 192.0.2.53:53
  www.shop-example.com 86400 A 20.42.0.5
  www.shop-example.com 86400 A 3.5.140.2
";

/// A folder with the recording, and a policy that promises half an hour.
fn observed() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.dns");
    fs::write(&file, OBSERVED).unwrap();
    let policy = "[[services]]\nmatch = \"domain:www.shop-example.com\"\nrto = \"30m\"\n";
    fs::write(folder.path().join("linchpin.toml"), policy).unwrap();
    (folder, file)
}

#[test]
fn rules_about_names_read_what_was_observed() {
    let (folder, file) = observed();
    let names = ["shop-example.com", "www.shop-example.com", "partner.shop-example.com"];
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let dns = Options { lookups: Lookups::Replay(file), names, ..Options::default() };
    let outcome = scan::scan(&request(&[folder.path()], dns)).unwrap();
    let found = found(&outcome);
    for message in [
        "alias-through-third-party `partner.shop-example.com` leads to `shops.somebody-else.net`, of whose operator nothing is known",
        "dns-shares-fate-with-target `www.shop-example.com` can be moved away from `Amazon Web Services` only by DNS that `Amazon Web Services` serves",
        "single-dns-operator `Amazon Web Services` alone serves `shop-example.com`",
        "single-mail-provider `Google Workspace` alone takes the mail of `shop-example.com`",
        "ttl-exceeds-rto caches keep `www.shop-example.com` for 1 d, and 30 min is promised",
    ] {
        assert!(found.contains(message), "{message} is not in {found:#?}");
    }
    let records = outcome.findings.iter().flat_map(|finding| &finding.evidence).any(|piece| {
        matches!(piece, linchpin::model::Evidence::Record { record, value, .. } if record == "NS" && value == "ns-1.awsdns-01.com")
    });
    assert!(records, "the record that says so is the evidence");
}

#[test]
#[cfg(feature = "cli")]
fn the_program_takes_names_and_recordings() {
    let (folder, _) = observed();
    let run = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_linchpin"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let output = run(&["dns", "shop-example.com", "--dns", "replay", "shop.dns", "--today", "2026-11-22"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("single-dns-operator"), "{text}");
    for (arguments, message) in [
        (vec!["dns", "a..b"], "failed to understand the name `a..b`"),
        (
            vec!["dns", "shop-example.com", "--dns", "replay", "gone.dns"],
            "failed to read the DNS recording `gone.dns`",
        ),
        (vec!["dns", "shop-example.com", "--dns", "loud"], "off, live, record FILE or replay FILE"),
        (vec!["dns", "shop-example.com", "--resolver", "dns.example"], "an address and a port"),
    ] {
        let output = run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.starts_with("not judged:") && said.contains(message), "{said}");
    }
}

const BOTH_KINDS: &str = "\
# linchpin dns recording 1
ns1.dns-example.net A NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
  ns1.dns-example.net 3600 A 198.18.5.1
ns1.dns-example.net AAAA NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
  ns1.dns-example.net 3600 AAAA 2001:db8:5::1
ns2.dns-example.net A NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
  ns2.dns-example.net 3600 A 198.18.5.2
ns2.dns-example.net AAAA NODATA 2026-11-22T10:00:00Z 192.0.2.53:53
shop-example.com DS NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
  shop-example.com 3600 DS present
shop-example.com NS NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
  shop-example.com 3600 NS ns1.dns-example.net
  shop-example.com 3600 NS ns2.dns-example.net
www.shop-example.com A NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
  www.shop-example.com 300 A 198.18.9.1
www.shop-example.com AAAA NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
  www.shop-example.com 300 AAAA 2001:db8:9::1
";

const INGRESS: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
    - host: www.shop-example.com
      http:
        paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]
";

#[test]
#[cfg(feature = "cli")]
fn names_addresses_networks_and_signatures_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.dns"), BOTH_KINDS).unwrap();
    fs::write(folder.path().join("ingress.yaml"), INGRESS).unwrap();
    let run = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_linchpin"))
            .args(["simulate", ".", "--dns", "replay", "shop.dns", "--format", "json"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let down = |arguments: &[&str]| -> Vec<String> {
        let output = run(arguments);
        let failures: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let failures = failures.as_array().unwrap().iter();
        let down = failures.filter(|failure| failure["services"][0]["state"] == "down");
        down.map(|failure| failure["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(down(&["--each", "name"]), ["domain:www.shop-example.com", "zone:shop-example.com"]);
    assert_eq!(down(&["--each", "address"]), ["198.18.9.1"]);
    assert_eq!(down(&["--each", "address", "--without", "ipv4"]), ["2001:db8:5::1", "2001:db8:9::1"]);
    assert_eq!(down(&["--each", "prefix"]), ["198.18.5.0/24", "198.18.9.0/24"]);
    let only_newer = down(&["--each", "prefix", "--without", "ipv4"]);
    assert_eq!(only_newer, ["2001:db8:5::/48", "2001:db8:9::/48"]);
    assert_eq!(down(&["--each", "prefix", "--without", "ipv6", "--worst", "1"]), ["198.18.5.0/24"]);
    assert_eq!(down(&["--each", "signature"]), ["zone:shop-example.com"]);
    assert!(down(&["--each", "operator"]).is_empty() && down(&["--each", "cycle"]).is_empty());
    let silent: serde_json::Value = serde_json::from_slice(&run(&["--without", "ipv4"]).stdout).unwrap();
    assert_eq!(
        (silent["failed"].as_array().unwrap().len(), &silent["services"][0]["state"]),
        (3, &"up".into())
    );
    let output = run(&["--each", "as"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("not who announces it") && said.contains("[data] autonomous-systems"), "{said}");
}
