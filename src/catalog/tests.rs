//! The catalog against known answers.

use std::net::IpAddr;

use ipnet::IpNet;

use super::table::rows;
use super::*;

fn catalog() -> &'static Catalog {
    Catalog::embedded()
}

fn who(kind: NameKind, name: &str) -> (&'static str, &'static str, &'static str) {
    match catalog().identify(kind, name) {
        Some(i) => (i.provider, i.region.unwrap_or(""), i.service.unwrap_or("")),
        None => ("", "", ""),
    }
}

#[test]
fn tables_are_well() {
    let report = catalog().check();
    assert_eq!(report.problems, Vec::<String>::new());
}

#[test]
fn name_servers() {
    for (name, provider) in [
        ("ns-1357.awsdns-41.org.", "aws"),
        ("NS-1638.AWSDNS-12.co.uk", "aws"),
        ("ns1-02.azure-dns.com", "azure"),
        ("ns-cloud-e1.googledomains.com", "gcp"),
        ("ns1.google.com", "google"),
        ("tara.ns.cloudflare.com", "cloudflare"),
        ("dns1.p08.nsone.net", "ns1"),
        ("ns1.vercel-dns.com", "vercel"),
        ("ns1.vercel-dns-017.com", "vercel"),
        ("a1-245.akam.net", "akamai"),
        ("pdns1.ultradns.net", "ultradns"),
        ("ns57.domaincontrol.com", "godaddy"),
        ("ns1.digitalocean.com", "digitalocean"),
        ("hydrogen.ns.hetzner.com", "hetzner"),
        ("dns104.ovh.net", "ovh"),
        ("ns-123-a.gandi.net", "gandi"),
        // Called so, below a domain that is used for other things.
        ("ns2.yandex.ru", "yandex"),
        ("ns3.cloudflare.com", "cloudflare"),
    ] {
        assert_eq!(who(NameKind::Ns, name).0, provider, "{name}");
    }
    for name in [
        "ns1.example.com",
        "www.google.com",
        "mail.yahoo.com",
        // A customer's machine, and a customer's name.
        "ns3123456.yandex.ru",
        "ns1.redirectme.net",
        "notawsdns-41.org",
        "xdigitalocean.com",
        "ns1.digitalocean.com.evil.test",
    ] {
        assert_eq!(who(NameKind::Ns, name).0, "", "{name}");
    }
}

#[test]
fn mail_exchangers() {
    for (name, provider, region) in [
        ("example-com.mail.protection.outlook.com", "microsoft365", ""),
        ("aspmx.l.google.com", "google-workspace", ""),
        ("ALT3.ASPMX.L.GOOGLE.COM.", "google-workspace", ""),
        ("inbound-smtp.eu-west-1.amazonaws.com", "aws", "eu-west-1"),
        ("feedback-smtp.us-east-1.amazonses.com", "aws", "us-east-1"),
        ("mxa.eu.mailgun.org", "mailgun", ""),
        ("eu-smtp-inbound-1.mimecast.com", "mimecast", ""),
    ] {
        assert_eq!(who(NameKind::Mx, name), (provider, region, who(NameKind::Mx, name).2), "{name}");
    }
    assert_eq!(who(NameKind::Mx, "mail.example.org").0, "");
    assert_eq!(who(NameKind::Mx, "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com").0, "");
}

#[test]
fn hosts_with_regions() {
    for (name, expected) in [
        ("my-lb-123.us-east-1.elb.amazonaws.com", ("aws", "us-east-1", "elb")),
        ("dualstack.my-lb.eu-west-2.elb.amazonaws.com", ("aws", "eu-west-2", "elb")),
        ("net-abc.elb.eu-central-1.amazonaws.com", ("aws", "eu-central-1", "elb")),
        ("db.c9.us-east-1.rds.amazonaws.com", ("aws", "us-east-1", "rds")),
        ("db.c9.rds.cn-north-1.amazonaws.com.cn", ("aws", "cn-north-1", "rds")),
        ("b.s3-website-eu-west-1.amazonaws.com", ("aws", "eu-west-1", "s3-website")),
        ("s3-eu-west-1.amazonaws.com", ("aws", "eu-west-1", "s3")),
        ("b.s3.amazonaws.com", ("aws", "", "s3")),
        ("d111.cloudfront.net", ("aws", "", "cloudfront")),
        ("dynamodb.us-east-1.amazonaws.com", ("aws", "us-east-1", "dynamodb")),
        ("c.abc.ng.0001.use1.cache.amazonaws.com", ("aws", "us-east-1", "elasticache")),
        ("x.webview-assets.aws-cloud9.af-south-1.amazonaws.com", ("aws", "af-south-1", "")),
        ("vm.westeurope.cloudapp.azure.com", ("azure", "westeurope", "public-ip")),
        ("app-abc123.westeurope-01.azurewebsites.net", ("azure", "westeurope", "app-service")),
        ("classic.azurewebsites.net", ("azure", "", "app-service")),
        ("svc-123456789.europe-west1.run.app", ("gcp", "europe-west1", "cloud-run")),
        ("svc-abcdefghij-uc.a.run.app", ("gcp", "us-central1", "cloud-run")),
        ("us-central1-proj.cloudfunctions.net", ("gcp", "us-central1", "cloud-functions")),
        ("europe-west4-docker.pkg.dev", ("gcp", "europe-west4", "artifact-registry")),
        ("us-docker.pkg.dev", ("gcp", "", "artifact-registry")),
        ("ep-x-1.us-east-2.aws.neon.tech", ("neon", "us-east-2", "postgres")),
        ("b.fra1.digitaloceanspaces.com", ("digitalocean", "fra1", "spaces")),
        ("cname.vercel-dns.com", ("vercel", "", "site")),
        ("dualstack.d.sni.global.fastly.net", ("fastly", "", "cdn")),
        ("org.github.io", ("github", "", "pages")),
        ("api.stripe.com", ("stripe", "", "api")),
    ] {
        assert_eq!(who(NameKind::Host, name), expected, "{name}");
    }
    let neon = catalog().identify(NameKind::Host, "ep-x-1.us-east-2.aws.neon.tech").unwrap();
    assert_eq!((neon.on, neon.parent), (Some("aws"), Some("databricks")));
    for name in ["example.com", "com", "", ".", "amazonaws.com.example.org", "db.internal"] {
        assert_eq!(who(NameKind::Host, name).0, "", "{name}");
    }
}

#[test]
fn addresses() {
    let of = |text: &str| catalog().identify_ip(text.parse::<IpAddr>().unwrap());
    let (who, region) = of("3.5.140.1").map(|i| (i.provider, i.region)).unwrap();
    assert_eq!((who, region), ("aws", Some("ap-northeast-2")));
    assert_eq!(of("8.8.8.8").unwrap().provider, "google");
    assert_eq!(of("205.251.192.1").unwrap().service, Some("route53"));
    assert_eq!(of("40.112.72.205").unwrap().region, Some("northeurope"));
    assert_eq!(of("2606:4700::1111").unwrap().provider, "cloudflare");
    assert_eq!(of("::ffff:8.8.8.8").unwrap().provider, "google");
    for private in [
        "10.0.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "192.0.2.33",
        "198.51.100.7",
        "100.64.1.1",
        "2001:db8::1",
        "::1",
        "fe80::1",
    ] {
        assert!(of(private).is_none(), "{private}");
    }
}

#[test]
fn addresses_given_to_customers_are_in_the_packed_table() {
    let mut rows_seen = 0;
    rows("addresses.csv", &embedded::text("addresses.csv"), |row| {
        let prefix: IpNet = row.need("prefix")?.parse().expect("a prefix");
        let found = catalog().identify_ip(prefix.addr()).map(|i| i.provider);
        assert_eq!(found, Some(row.need("provider")?), "{prefix}: run `scripts/rebuild-ip-table`");
        rows_seen += 1;
        Ok(())
    })
    .unwrap();
    assert!(10 < rows_seen);
}

#[test]
fn providers_and_parents() {
    let c = catalog();
    assert_eq!(c.canonical("Amazon Web Services"), Some("aws"));
    assert_eq!(c.canonical("office365"), Some("microsoft365"));
    assert_eq!(c.canonical("azurerm"), Some("azure"));
    assert_eq!(c.canonical("nobody at all"), None);
    assert_eq!(&*c.ultimate_parent("github").unwrap().id, "microsoft");
    assert_eq!(&*c.ultimate_parent("cloudflare").unwrap().id, "cloudflare");
    assert!(c.provider("aws").unwrap().ctpp.is_some() && c.provider("cloudflare").unwrap().ctpp.is_none());
}

#[test]
fn regions_and_zones() {
    let c = catalog();
    assert_eq!(c.region("azure", "East US 2").map(|r| &*r.code), Some("eastus2"));
    assert_eq!(c.region("aws", "US-EAST-1").map(|r| &*r.code), Some("us-east-1"));
    assert_eq!(c.region("azure", "westus").and_then(|r| r.zones), Some(0));
    for (provider, zone, region) in [
        ("aws", "us-east-1a", Some("us-east-1")),
        ("aws", "use1-az1", Some("us-east-1")),
        ("aws", "us-east-1-bos-1a", Some("us-east-1")),
        ("aws", "us-east-1", None),
        ("gcp", "us-central1-b", Some("us-central1")),
        ("gcp", "us-central1", None),
        ("scaleway", "fr-par-2", Some("fr-par")),
        ("hetzner", "fsn1-dc14", Some("fsn1")),
        ("yandex", "ru-central1-a", Some("ru-central1")),
        ("alibaba", "us-west-1a", Some("us-west-1")),
        ("alibaba", "cn-hangzhou-b", Some("cn-hangzhou")),
        ("aws", "nonsense", None),
    ] {
        assert_eq!(c.region_of_zone(provider, zone).map(|r| &*r.code), region, "{zone}");
    }
}

#[test]
fn images_and_registries() {
    let c = catalog();
    let kind = |r: &str| c.image(r).map(|k| &*k.kind);
    assert_eq!(kind("postgres:16-alpine"), Some("postgres"));
    assert_eq!(kind("docker.io/library/redis@sha256:0123"), Some("redis"));
    assert_eq!(kind("docker.io/bitnami/postgresql:16"), Some("postgres"));
    assert_eq!(kind("public.ecr.aws/docker/library/mysql:8"), Some("mysql"));
    assert_eq!(kind("localhost:5000/shop/postgres-exporter"), None);
    assert_eq!(kind("myorg/redis-proxy"), None);
    assert_eq!(kind("${IMAGE}:latest"), None);
    assert_eq!(c.image("bitnami/etcd").unwrap().quorum, Some(Quorum::Majority));
    let registry =
        |r: &'static str| c.registry(r).map(|x| (x.host, x.provider.unwrap_or(""), x.region.unwrap_or("")));
    assert_eq!(registry("nginx"), Some(("docker.io", "docker", "")));
    assert_eq!(registry("ghcr.io/a/b:1"), Some(("ghcr.io", "github", "")));
    assert_eq!(
        registry("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1"),
        Some(("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "aws", "eu-west-1"))
    );
    assert_eq!(registry("us-central1-docker.pkg.dev/p/r/i:v1").unwrap().2, "us-central1");
    assert_eq!(registry("registry.example.com:5000/a").unwrap().1, "");
    assert_eq!(c.url_scheme("postgresql+asyncpg"), Some("postgres"));
    assert_eq!(c.url_scheme("https"), None);
    assert_eq!(c.address_of("gs", "files").as_deref(), Some("files.storage.googleapis.com"));
    assert_eq!(c.address_of("snowflake", "acme.snowflakecomputing.com"), None);
    assert_eq!(c.address_of("s3", "files"), None, "not every store that speaks S3 is Amazon's");
}

#[test]
fn overrides_replace_rows() {
    let files = [
        ("providers.csv", "id,name,category,parent\nacme,Acme,cloud,aws\ncloudflare,Flare,cdn,acme\n"),
        ("names/ns.csv", "pattern,provider,category\nns.acme.test,acme,dns\nns.cloudflare.com,acme,dns\n"),
    ];
    let c = Catalog::with_overrides(files).unwrap();
    assert_eq!(&*c.ultimate_parent("cloudflare").unwrap().id, "amazon");
    assert_eq!(c.identify(NameKind::Ns, "a.ns.acme.test").unwrap().provider, "acme");
    assert_eq!(c.identify(NameKind::Ns, "tara.ns.cloudflare.com").unwrap().provider, "acme");
    assert!(Catalog::with_overrides([("nothing.csv", "")]).is_err());
    let bad = Catalog::with_overrides([("regions.csv", "provider,region,zones\naws,x,many\n")]).unwrap_err();
    assert_eq!((bad.line, &*bad.file), (2, "regions.csv"));
}
