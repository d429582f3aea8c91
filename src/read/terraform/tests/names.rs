//! Zones and records, and what names lead to.

use super::*;

#[test]
fn a_name_leads_to_what_is_mapped_to_it() {
    let unit = unit(
        r#"
resource "google_cloud_run_service" "api" { name = "api" }
resource "google_cloud_run_domain_mapping" "api" {
  name = "api.acme.example"
  spec { route_name = google_cloud_run_service.api.name }
}
"#,
    );
    let serves: Vec<_> = unit.serves.iter().map(|one| (one.host.as_str(), one.id.as_str())).collect();
    assert_eq!(serves, [("api.acme.example", "tf:google_cloud_run_service.api")]);
}

#[test]
fn records_lead_from_names_to_what_answers() {
    let unit = unit(
        r#"
        resource "aws_route53_zone" "z" { name = "example.org" }
        resource "aws_lb" "l" {}
        resource "aws_route53_record" "www" {
          zone_id = aws_route53_zone.z.zone_id
          name    = "www"
          type    = "A"
          alias {
            name                   = aws_lb.l.dns_name
            evaluate_target_health = true
          }
        }
        resource "aws_route53_record" "live" {
          zone_id        = aws_route53_zone.z.zone_id
          name           = "cdn.example.org"
          type           = "CNAME"
          ttl            = 60
          records        = ["one.fastly.example.net"]
          set_identifier = "one"
          weighted_routing_policy { weight = 10 }
        }
        resource "aws_route53_record" "dead" {
          zone_id        = aws_route53_zone.z.zone_id
          name           = "cdn.example.org"
          type           = "CNAME"
          ttl            = 60
          records        = ["two.cloudfront.example.net"]
          set_identifier = "two"
          weighted_routing_policy { weight = 0 }
        }
        resource "aws_route53_record" "mx" {
          zone_id = aws_route53_zone.z.zone_id
          name    = ""
          type    = "MX"
          records = ["10 mx1.example.net", "20 mx2.example.net"]
        }
        resource "aws_route53_record" "txt" {
          zone_id = aws_route53_zone.z.zone_id
          name    = "proof"
          type    = "TXT"
          records = ["x"]
        }
        "#,
    );
    has_edge(&unit, "domain:www.example.org -> tf:aws_lb.l runtime required");
    has_edge(&unit, "domain:www.example.org -> zone:example.org runtime required");
    has_edge(&unit, "domain:cdn.example.org -> host one.fastly.example.net runtime required");
    has_edge(&unit, "domain:cdn.example.org -> host two.cloudfront.example.net recover optional");
    has_edge(&unit, "domain:example.org -> host mx1.example.net runtime optional in domain:example.org#mx");
    assert!(!ids(&unit).contains(&"domain:proof.example.org"));
    assert_eq!(node(&unit, "domain:cdn.example.org").attributes.number(Attribute::TtlSeconds), Some(60.0));
    assert_eq!(node(&unit, "zone:example.org").placement.provider.as_deref(), Some("aws"));
}

#[test]
fn records_of_one_name_are_alternatives_and_single_labels_are_names_of_the_zone() {
    let unit = unit(
        r#"
        resource "hetznerdns_zone" "one" { name = "example.org" }
        resource "hetznerdns_zone" "two" { name = "example.net" }
        locals {
          machines = { a = { domain = "a" }, b = { domain = "b", zone = hetznerdns_zone.two.id } }
        }
        resource "hcloud_server" "m" {
          for_each = local.machines
        }
        resource "hetznerdns_record" "machine" {
          for_each = local.machines
          zone_id  = lookup(local.machines[each.key], "zone", hetznerdns_zone.one.id)
          name     = each.value.domain
          type     = "A"
          value    = hcloud_server.m[each.key].ipv4_address
        }
        resource "hetznerdns_record" "www" {
          zone_id = hetznerdns_zone.one.id
          name    = "www"
          type    = "CNAME"
          value   = "a"
        }
        resource "hetznerdns_record" "mail" {
          zone_id = hetznerdns_zone.one.id
          name    = "@"
          type    = "MX"
          value   = "10 b"
        }
        resource "hetznerdns_record" "ns1" {
          zone_id = hetznerdns_zone.one.id
          name    = "geo"
          type    = "NS"
          value   = "ns1.example.com."
        }
        resource "hetznerdns_record" "ns2" {
          zone_id = hetznerdns_zone.one.id
          name    = "geo"
          type    = "NS"
          value   = "ns2.example.com."
        }
        "#,
    );
    has_edge(&unit, "domain:a.example.org -> tf:hcloud_server.m[\"a\"] runtime required");
    has_edge(&unit, "domain:b.example.net -> tf:hcloud_server.m[\"b\"] runtime required");
    has_edge(&unit, "domain:www.example.org -> host a.example.org runtime required");
    has_edge(&unit, "domain:example.org -> host b.example.org runtime optional");
    for server in ["ns1", "ns2"] {
        let group = "in domain:geo.example.org#ns";
        has_edge(
            &unit,
            &format!("domain:geo.example.org -> host {server}.example.com runtime required {group}"),
        );
    }
}

#[test]
fn an_address_leads_to_what_it_is_attached_to() {
    let unit = unit(
        r#"
resource "azurerm_dns_zone" "z" { name = "acme.example" }
resource "azurerm_public_ip" "ci" { name = "ci" }
resource "azurerm_network_interface" "ci" {
  ip_configuration { public_ip_address_id = azurerm_public_ip.ci.id }
}
resource "azurerm_linux_virtual_machine" "ci" {
  network_interface_ids = [azurerm_network_interface.ci.id]
}
resource "azurerm_linux_virtual_machine" "told" {
  custom_data = azurerm_public_ip.ci.ip_address
}
resource "azurerm_dns_a_record" "ci" {
  name      = "ci"
  zone_name = azurerm_dns_zone.z.name
  records   = [azurerm_public_ip.ci.ip_address]
}
resource "aws_route53_zone" "z" { name = "other.example" }
resource "aws_instance" "web" { ami = "a" }
resource "aws_eip" "web" { instance = aws_instance.web.id }
resource "aws_route53_record" "web" {
  zone_id = aws_route53_zone.z.id
  name    = "www"
  type    = "A"
  records = [aws_eip.web.public_ip]
}
"#,
    );
    let needed = |from: &str| -> Vec<String> {
        let own = unit.edges.iter().filter(|edge| edge.from.as_str() == from);
        own.map(|edge| edge.to.to_string()).filter(|to| to.starts_with("tf:")).collect()
    };
    assert_eq!(needed("domain:ci.acme.example"), ["tf:azurerm_linux_virtual_machine.ci"]);
    assert_eq!(needed("domain:www.other.example"), ["tf:aws_instance.web"]);
}

#[test]
fn a_zone_of_a_network_answers_inside_only() {
    let unit = unit(
        r#"
resource "azurerm_private_dns_zone" "a" { name = "a.example" }
resource "google_dns_managed_zone" "b" {
  dns_name   = "b.example."
  visibility = "private"
}
resource "aws_route53_zone" "c" {
  name = "c.example"
  vpc { vpc_id = "vpc-1" }
}
resource "aws_route53_zone" "d" { name = "d.example" }
"#,
    );
    let published = |name: &str| node(&unit, &format!("zone:{name}")).attributes.bool(Attribute::Published);
    let found = ["a.example", "b.example", "c.example", "d.example"].map(published);
    assert_eq!(found, [Some(false), Some(false), Some(false), None]);
}

#[test]
fn netlify_keeps_names_whole_and_cloudflare_may_stand_before_what_is_named() {
    let unit = unit(
        r#"
        resource "netlify_dns_zone" "z" { name = "example.org" }
        resource "netlify_dns_record" "r" {
          zone_id  = netlify_dns_zone.z.id
          hostname = "status.example.org"
          type     = "CNAME"
          value    = "status.example.net"
        }
        resource "cloudflare_zone" "c" { zone = "example.com" }
        resource "cloudflare_record" "www" {
          zone_id = cloudflare_zone.c.id
          name    = "www"
          type    = "A"
          value   = "192.0.2.1"
          proxied = true
        }
        "#,
    );
    has_edge(&unit, "domain:status.example.org -> host status.example.net runtime required");
    has_edge(&unit, "domain:status.example.org -> zone:example.org runtime required");
    has_edge(&unit, "domain:www.example.com -> 192.0.2.1 runtime required");
    has_edge(&unit, "domain:www.example.com -> provider cloudflare runtime required");
}
