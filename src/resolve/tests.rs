//! Recordings in, questions and declarations out.

use std::collections::BTreeSet;

use super::*;
use crate::catalog::Catalog;
use crate::model::{Attribute, Target};

fn recorded(text: &str) -> Answers {
    let text = format!(
        "# linchpin dns recording 1\n{}",
        text.replace(" @\n", " 2026-11-22T10:00:00Z 192.0.2.53:53\n")
    );
    recording::parse(&text).unwrap().0
}

fn own(name: &str) -> Names {
    Names { own: BTreeSet::from([name.to_owned()]), others: BTreeSet::new() }
}

fn open(names: &Names, answers: &Answers) -> Vec<String> {
    questions(names, answers).iter().map(|question| format!("{} {}", question.name, question.kind)).collect()
}

/// Answers every open question that the text does not answer with NODATA.
fn complete(names: &Names, text: &str) -> Answers {
    let mut answers = recorded(text);
    loop {
        let open = questions(names, &answers);
        if open.is_empty() {
            return answers;
        }
        for question in open {
            let at = jiff::Timestamp::UNIX_EPOCH;
            answers.insert(question, Answer { outcome: Outcome::NoData, at, resolver: "test".into() });
        }
    }
}

fn declared(name: &str, text: &str) -> crate::model::Unit {
    let names = own(name);
    let answers = complete(&names, text);
    declare(&names, &answers, Catalog::embedded()).units.remove(0)
}

fn references(unit: &crate::model::Unit) -> Vec<String> {
    let target = |target: &Target| match target {
        Target::Host { name, .. } => name.clone(),
        Target::Address(address) => address.to_string(),
        Target::Provider { provider, .. } => format!("provider:{provider}"),
        Target::Id(id) => id.to_string(),
        other => format!("{other:?}"),
    };
    let mut all: Vec<String> = unit
        .references
        .iter()
        .map(|one| {
            let group = one.group.as_ref().map(|group| format!(" of {group}")).unwrap_or_default();
            format!("{} {} {}{group}", one.from, one.need, target(&one.target))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_resolver_is_an_address_with_a_port_and_a_name_for_its_certificate() {
    for (text, meant) in [
        ("192.0.2.53", Some("192.0.2.53:53")),
        ("[2001:db8::53]:5353", Some("[2001:db8::53]:5353")),
        ("tls://192.0.2.53", Some("tls://192.0.2.53:853#192.0.2.53")),
        ("tls://192.0.2.53:8853#dns.example.com", Some("tls://192.0.2.53:8853#dns.example.com")),
        ("tls://dns.example.com", None),
        ("tls://192.0.2.53#", None),
        ("tls://192.0.2.53#a b", None),
        ("192.0.2.53#dns.example.com", None),
        ("https://192.0.2.53", None),
    ] {
        assert_eq!(ResolverAddress::parse(text).map(|one| one.to_string()).as_deref(), meant, "{text}");
    }
}

#[test]
fn a_name_is_asked_for_with_the_zones_above_it() {
    let open = open(&own("www.shop-example.com"), &Answers::new());
    assert_eq!(open, ["shop-example.com NS", "www.shop-example.com A", "www.shop-example.com NS"]);
}

#[test]
fn an_answer_over_aliases_answers_for_their_targets_too() {
    let answers = recorded(
        "www.shop-example.com A NOERROR @\n  www.shop-example.com 300 CNAME a.other-example.net\n  a.other-example.net 60 A 198.18.0.1\n",
    );
    let open = open(&own("www.shop-example.com"), &answers);
    assert!(!open.contains(&"a.other-example.net A".to_owned()), "{open:?}");
    assert!(open.contains(&"a.other-example.net AAAA".to_owned()), "{open:?}");
    assert!(
        !open.iter().any(|question| question.ends_with(" MX")),
        "an alias has no other records: {open:?}"
    );
}

#[test]
fn an_alias_to_nowhere_is_asked_for_by_itself() {
    let unit = declared(
        "www.shop-example.com",
        "www.shop-example.com A NXDOMAIN @\nwww.shop-example.com CNAME NOERROR @\n  www.shop-example.com 300 CNAME gone.azurewebsites.net\ngone.azurewebsites.net A NXDOMAIN @\n",
    );
    assert_eq!(references(&unit), ["domain:www.shop-example.com required gone.azurewebsites.net"]);
    let gone = unit.nodes.iter().find(|node| node.id.as_str() == "host:gone.azurewebsites.net").unwrap();
    assert_eq!(gone.attributes.text(Attribute::DnsAnswer), Some("NXDOMAIN"));
}

#[test]
fn aliases_that_lead_back_end_and_are_said() {
    let text = "a.shop-example.com A SERVFAIL @\na.shop-example.com CNAME NOERROR @\n  a.shop-example.com 5 CNAME b.shop-example.com\nb.shop-example.com A SERVFAIL @\nb.shop-example.com CNAME NOERROR @\n  b.shop-example.com 5 CNAME a.shop-example.com\n";
    let names = own("a.shop-example.com");
    let answers = complete(&names, text);
    let declared = declare(&names, &answers, Catalog::embedded());
    let said: Vec<_> = declared.problems.iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(said, ["`a.shop-example.com`, `b.shop-example.com` lead back to itself over aliases"]);
}

#[test]
fn a_zone_needs_one_of_its_name_servers_and_they_their_own_zones() {
    let unit = declared(
        "shop-example.com",
        "shop-example.com A NOERROR @\n  shop-example.com 60 A 198.18.0.1\nshop-example.com NS NOERROR @\n  shop-example.com 60 NS ns1.hoster-example.net\n  shop-example.com 60 NS ns2.hoster-example.net\nhoster-example.net NS NOERROR @\n  hoster-example.net 60 NS ns1.hoster-example.net\nns1.hoster-example.net A NOERROR @\n  ns1.hoster-example.net 60 A 198.18.1.1\nns2.hoster-example.net A NOERROR @\n  ns2.hoster-example.net 60 A 198.18.2.1\n",
    );
    assert_eq!(
        references(&unit),
        [
            "domain:shop-example.com required 198.18.0.1",
            "domain:shop-example.com required zone:shop-example.com",
            "host:ns1.hoster-example.net required 198.18.1.1",
            "host:ns1.hoster-example.net required zone:hoster-example.net",
            "host:ns2.hoster-example.net required 198.18.2.1",
            "host:ns2.hoster-example.net required zone:hoster-example.net",
            "zone:hoster-example.net required ns1.hoster-example.net",
            "zone:shop-example.com required ns1.hoster-example.net of zone:shop-example.com#ns",
            "zone:shop-example.com required ns2.hoster-example.net of zone:shop-example.com#ns",
        ]
    );
    let foreign = unit.nodes.iter().find(|node| node.id.as_str() == "zone:hoster-example.net").unwrap();
    assert_eq!(foreign.attributes.bool(Attribute::ThirdParty), Some(true));
}

#[test]
fn name_servers_of_own_zones_are_asked_themselves_and_those_of_platforms_are_not() {
    let asked = |name: &str| -> Vec<String> {
        let zone = crate::catalog::registered_with_a_registry(name);
        let text = format!(
            "{zone} NS NOERROR @\n  {zone} 60 NS ns1.hoster-example.net\nns1.hoster-example.net A NOERROR @\n  ns1.hoster-example.net 60 A 198.18.1.1\n"
        );
        let questions = questions(&own(name), &recorded(&text)).into_iter();
        let to =
            |question: Question| Some(format!("{} {} {}", question.name, question.kind, question.server?));
        questions.filter_map(to).collect()
    };
    assert_eq!(asked("www.shop-example.com"), ["shop-example.com SOA 198.18.1.1"]);
    assert!(asked("shop-example.github.io").is_empty());
}

#[test]
fn a_server_that_refuses_everything_is_no_alternative_and_one_that_knows_addresses_is() {
    const SERVES: &str = "shop-example.com SOA NOERROR 2026-11-22T10:00:00Z @198.18.2.1\n  shop-example.com 60 SOA ns hostmaster 1\n";
    const SILENT: &str = "shop-example.com SOA TIMEOUT 2026-11-22T10:00:00Z @198.18.2.1\n";
    let servers = |second: &str, other: &str| {
        let text = format!(
            "shop-example.com NS NOERROR @\n  shop-example.com 60 NS ns1.hoster-example.net\n  shop-example.com 60 NS ns2.hoster-example.net\nns1.hoster-example.net A NOERROR @\n  ns1.hoster-example.net 60 A 198.18.1.1\nns2.hoster-example.net A NOERROR @\n  ns2.hoster-example.net 60 A 198.18.2.1\nshop-example.com SOA REFUSED 2026-11-22T10:00:00Z @198.18.1.1\nshop-example.com A {second} 2026-11-22T10:00:00Z @198.18.1.1\n{other}"
        );
        let unit = declared("shop-example.com", &text);
        let all = references(&unit).into_iter().filter(|one| one.starts_with("zone:shop-example.com"));
        all.collect::<Vec<_>>()
    };
    assert_eq!(
        servers("REFUSED", SERVES),
        [
            "zone:shop-example.com optional ns1.hoster-example.net",
            "zone:shop-example.com required ns2.hoster-example.net",
        ]
    );
    // Where no name server is heard at all, what refuses may be something in between.
    for (second, other) in [("NODATA", SERVES), ("TIMEOUT", SERVES), ("REFUSED", SILENT)] {
        let group = "of zone:shop-example.com#ns";
        let expected = [1, 2]
            .map(|number| format!("zone:shop-example.com required ns{number}.hoster-example.net {group}"));
        assert_eq!(servers(second, other), expected, "{second} {other}");
    }
}

#[test]
fn what_is_behind_a_host_of_a_known_provider_is_left_to_it() {
    let unit = declared(
        "www.shop-example.com",
        "www.shop-example.com A NOERROR @\n  www.shop-example.com 300 CNAME d1.cloudfront.net\n  d1.cloudfront.net 60 A 198.18.0.1\ncloudfront.net NS NOERROR @\n  cloudfront.net 60 NS ns-418.awsdns-52.com\n",
    );
    assert_eq!(references(&unit), ["domain:www.shop-example.com required d1.cloudfront.net"]);
}

#[test]
fn mail_is_a_group_and_senders_are_optional() {
    let unit = declared(
        "shop-example.com",
        "shop-example.com MX NOERROR @\n  shop-example.com 60 MX 0 shop-example-com.mail.protection.outlook.com\nshop-example.com TXT NOERROR @\n  shop-example.com 60 TXT v=spf1 include:_spf.google.com -all\n",
    );
    assert_eq!(
        references(&unit),
        [
            "domain:shop-example.com optional provider:google-workspace",
            "domain:shop-example.com optional shop-example-com.mail.protection.outlook.com of domain:shop-example.com#mx",
        ]
    );
}

#[test]
fn a_policy_that_includes_itself_and_many_others_ends() {
    let mut text = String::from(
        "shop-example.com TXT NOERROR @\n  shop-example.com 60 TXT v=spf1 include:shop-example.com include:s0.shop-example.com\n",
    );
    for number in 0..40 {
        text.push_str(&format!(
            "s{number}.shop-example.com TXT NOERROR @\n  s{number}.shop-example.com 60 TXT v=spf1 include:s{}.shop-example.com\n",
            number + 1
        ));
    }
    let names = own("shop-example.com");
    let answers = complete(&names, &text);
    assert!(answers.get(&Question::new("s41.shop-example.com", RecordType::Txt)).is_none());
}

#[test]
fn an_endless_chain_of_aliases_is_followed_to_the_limit() {
    let mut text = String::new();
    for number in 0..40 {
        text.push_str(&format!(
            "n{number}.shop-example.com A NOERROR @\n  n{number}.shop-example.com 60 CNAME n{}.shop-example.com\n",
            number + 1
        ));
    }
    let names = own("n0.shop-example.com");
    assert!(questions(&names, &complete(&names, &text)).is_empty());
}

#[test]
fn a_wildcard_is_said() {
    let names = own("www.shop-example.com");
    let answers = complete(
        &names,
        "www.shop-example.com A NOERROR @\n  www.shop-example.com 60 A 198.18.0.1\nlinchpin-wildcard-probe.shop-example.com A NOERROR @\n  linchpin-wildcard-probe.shop-example.com 60 A 198.18.0.1\n",
    );
    let declared = declare(&names, &answers, Catalog::embedded());
    assert!(declared.problems.iter().any(|problem| problem.message.contains("wildcard")));
}
