//! The clever lookups against slow ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::addresses::Addresses;
use super::*;

/// A small generator of numbers that is the same everywhere (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Prefixes that overlap, nest, touch and repeat, as the published lists do.
fn prefixes(numbers: &mut Numbers) -> Vec<(IpNet, [String; 3])> {
    let mut out = Vec::new();
    for n in 0..400u32 {
        let tag = [
            format!("p{}", n % 7),
            format!("r{}", n % 5),
            if n % 3 == 0 { "s".into() } else { String::new() },
        ];
        let net: IpNet = if n % 4 == 0 {
            let length = 20 + numbers.below(45) as u8;
            let base = (0x2600u128 << 112) | (u128::from(numbers.below(1 << 20)) << 72);
            IpNet::new(IpAddr::V6(Ipv6Addr::from(base)), length).unwrap()
        } else {
            let length = 8 + numbers.below(25) as u8;
            IpNet::new(IpAddr::V4(Ipv4Addr::from((numbers.below(1 << 12) << 20) as u32)), length).unwrap()
        };
        let net = net.trunc();
        out.retain(|(other, _)| *other != net);
        out.push((net, tag));
    }
    out
}

/// What `scripts/rebuild-ip-table` writes, written again without its sweep: each start and end of a prefix begins a
/// piece, and the longest prefix owns it.
fn pack(prefixes: &[(IpNet, [String; 3])]) -> Vec<u8> {
    let tags: Vec<String> = prefixes.iter().map(|(_, t)| t.join("\t")).collect();
    let text = tags.join("\n");
    let mut out = u32::try_from(text.len()).unwrap().to_le_bytes().to_vec();
    out.extend(text.as_bytes());
    for v6 in [false, true] {
        let range = |net: &IpNet| match net {
            IpNet::V4(n) => (u128::from(u32::from(n.network())), u128::from(u32::from(n.broadcast())) + 1),
            IpNet::V6(n) => (u128::from(n.network()) >> 64, (u128::from(n.broadcast()) >> 64) + 1),
        };
        let own: Vec<_> = prefixes
            .iter()
            .enumerate()
            .filter(|(_, (net, _))| matches!(net, IpNet::V6(_)) == v6)
            .map(|(i, (net, _))| (range(net), net.prefix_len(), i))
            .collect();
        let mut cuts: Vec<u128> = own.iter().flat_map(|((a, b), _, _)| [*a, *b]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut pieces = Vec::new();
        for pair in cuts.windows(2) {
            let covers = own.iter().filter(|((a, b), _, _)| *a <= pair[0] && pair[1] <= *b);
            if let Some((_, _, tag)) = covers.max_by_key(|(_, length, _)| *length) {
                pieces.push((pair[0], pair[1], *tag));
            }
        }
        let mut numbers = vec![pieces.len() as u64];
        let mut end = 0;
        for (a, b, _) in &pieces {
            numbers.push((a - end) as u64);
            end = *b;
        }
        numbers.extend(pieces.iter().map(|(a, b, _)| (b - a) as u64));
        numbers.extend(pieces.iter().map(|(_, _, t)| *t as u64));
        for mut n in numbers {
            while 0x80 <= n {
                out.push((n & 0x7f) as u8 | 0x80);
                n >>= 7;
            }
            out.push(n as u8);
        }
    }
    miniz_oxide::deflate::compress_to_vec(&out, 6)
}

#[test]
fn ten_thousand_addresses_agree_with_a_slow_reading() {
    let mut numbers = Numbers(20_261_026);
    let prefixes = prefixes(&mut numbers);
    let table = Addresses::unpack(&pack(&prefixes)).unwrap();
    let mut hits = 0;
    for n in 0..10_000u32 {
        let address: IpAddr = if n % 3 == 0 {
            Ipv6Addr::from(
                (0x2600u128 << 112) | (u128::from(numbers.below(1 << 21)) << 72) | u128::from(numbers.next()),
            )
            .into()
        } else {
            Ipv4Addr::from(numbers.next() as u32).into()
        };
        let slow =
            prefixes.iter().filter(|(net, _)| net.contains(&address)).max_by_key(|(net, _)| net.prefix_len());
        let fast = table
            .get(address)
            .map(|t| [t.provider, t.region.unwrap_or(""), t.service.unwrap_or("")].map(str::to_owned));
        assert_eq!(fast.as_ref(), slow.map(|(_, tag)| tag), "{address}");
        hits += u32::from(fast.is_some());
    }
    assert!(
        (1_000..9_900).contains(&hits),
        "{hits} of 10,000 addresses had an owner: the sample shows little"
    );
}

#[test]
fn damaged_tables_are_refused() {
    let good = pack(&prefixes(&mut Numbers(1)));
    assert!(Addresses::unpack(&good).is_ok());
    let raw = miniz_oxide::inflate::decompress_to_vec(&good).unwrap();
    for cut in (0..raw.len()).step_by(97) {
        assert!(Addresses::unpack(&miniz_oxide::deflate::compress_to_vec(&raw[..cut], 1)).is_err());
    }
    let mut numbers = Numbers(2);
    for _ in 0..300 {
        let mut bad = raw.clone();
        let at = numbers.below(bad.len() as u64) as usize;
        bad[at] = numbers.next() as u8;
        drop(Addresses::unpack(&miniz_oxide::deflate::compress_to_vec(&bad, 1)));
    }
}

/// Names of AWS that the public suffix list has a rule for give the region that stands in them. The list is compiled
/// into the psl crate, so the names are made from every region and every form, and kept when the list knows them.
#[test]
fn region_bearing_suffixes_of_aws() {
    let forms = [
        "s3.@.amazonaws.com",
        "s3-@.amazonaws.com",
        "s3-fips.@.amazonaws.com",
        "s3.dualstack.@.amazonaws.com",
        "s3-fips.dualstack.@.amazonaws.com",
        "s3-website.@.amazonaws.com",
        "s3-website-@.amazonaws.com",
        "s3-website.dualstack.@.amazonaws.com",
        "s3-accesspoint.@.amazonaws.com",
        "s3-accesspoint-fips.@.amazonaws.com",
        "s3-accesspoint.dualstack.@.amazonaws.com",
        "s3-accesspoint-fips.dualstack.@.amazonaws.com",
        "s3-object-lambda.@.amazonaws.com",
        "s3-deprecated.@.amazonaws.com",
        "execute-api.@.amazonaws.com",
        "emrappui-prod.@.amazonaws.com",
        "emrnotebooks-prod.@.amazonaws.com",
        "emrstudio-prod.@.amazonaws.com",
        "analytics-gateway.@.amazonaws.com",
        "aws-cloud9.@.amazonaws.com",
        "webview-assets.aws-cloud9.@.amazonaws.com",
        "vfs.cloud9.@.amazonaws.com",
        "vfs.aws-cloud9.@.amazonaws.com",
        "auth.@.amazoncognito.com",
        "auth-fips.@.amazoncognito.com",
        "@.elasticbeanstalk.com",
        "notebook.@.sagemaker.aws",
        "notebook-fips.@.sagemaker.aws",
        "studio.@.sagemaker.aws",
        "labeling.@.sagemaker.aws",
        "lambda-url.@.on.aws",
        "transfer-webapp.@.on.aws",
        "@.airflow.amazonaws.com",
        "airflow.@.on.aws",
        "rds.@.amazonaws.com",
        "dkr.ecr.@.amazonaws.com",
        "s3.@.amazonaws.com.cn",
        "s3-website.@.amazonaws.com.cn",
        "execute-api.@.amazonaws.com.cn",
        "rds.@.amazonaws.com.cn",
        "emrappui-prod.@.amazonaws.com.cn",
        "s3.dualstack.@.amazonaws.com.cn",
        "s3-accesspoint.@.amazonaws.com.cn",
        "s3-object-lambda.@.amazonaws.com.cn",
        "@.elb.amazonaws.com",
        "@.compute.amazonaws.com",
    ];
    let c = Catalog::embedded();
    let (mut known, mut right, mut wrong) = (0, 0, Vec::new());
    for region in c.all_regions().filter(|r| &*r.provider == "aws") {
        for form in forms {
            let suffix = form.replace('@', &region.code);
            let name = format!("x.{suffix}");
            let listed = psl::suffix(name.as_bytes())
                .is_some_and(|s| s.as_bytes() == suffix.as_bytes() || s.as_bytes() == name.as_bytes());
            if !listed {
                continue;
            }
            known += 1;
            match c.identify(NameKind::Host, &name) {
                Some(found) if found.provider == "aws" && found.region == Some(&region.code) => right += 1,
                _ => wrong.push(name),
            }
        }
    }
    assert!(500 <= known, "the list knows only {known} of the names");
    assert!(wrong.len() * 100 <= known, "{right} of {known} right, wrong: {wrong:?}");
}

#[test]
fn any_text_is_survived() {
    let c = Catalog::embedded();
    let mut numbers = Numbers(3);
    let pieces = [
        ".",
        "-",
        "s3",
        "amazonaws",
        "com",
        "us-east-1",
        "{region}",
        "*",
        "é",
        "\u{0}",
        "awsdns",
        "ns",
        "elb",
        "aws",
        "=",
        "//",
        ":",
        " ",
    ];
    for _ in 0..5_000 {
        let text: String =
            (0..numbers.below(12)).map(|_| pieces[numbers.below(pieces.len() as u64) as usize]).collect();
        for kind in
            [NameKind::Host, NameKind::Ns, NameKind::Mx, NameKind::Spf, NameKind::Txt, NameKind::Dmarc]
        {
            std::hint::black_box(c.identify(kind, &text));
        }
        std::hint::black_box((c.image(&text), c.registry(&text), c.url_scheme(&text), c.canonical(&text)));
        std::hint::black_box((c.region_of_zone("aws", &text), c.resource(&text), c.sdk_package("go", &text)));
    }
}
