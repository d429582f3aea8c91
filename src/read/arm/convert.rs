//! Resources of templates as the rules on Terraform types look at them.

use super::{Found, MAX_DEPTH, Source, Template, terraform_type, text};
use crate::model::Id;
use crate::read::cloudformation::snake;
use crate::read::terraform::given::{Given, GivenAttribute, GivenValue};
use crate::read::yaml::{Data, Key, Node};

/// Settings of a site that are a resource of their own.
const SITE_SETTINGS: &[&str] = &["appsettings", "connectionstrings"];

/// A resource on its way to the rules.
struct Draft<'d, 't> {
    template: &'d Template<'t>,
    index: usize,
    attributes: Vec<GivenAttribute>,
}

impl Template<'_> {
    /// The resource at an index as it is given on.
    pub(super) fn given(&self, index: usize, source: &Source<'_>) -> Given {
        let one = &self.found[index];
        let short = self.short_name(index);
        let glue = format!("arm_{}", snake(&one.type_name.replace(['/', '.'], "")));
        let mut draft = Draft { template: self, index, attributes: Vec::new() };
        let type_name = match self.site_settings(index) {
            Some(site) => {
                draft.site_settings(site);
                "azurerm_web_app_settings".to_owned()
            }
            None => {
                draft.describe();
                terraform_type(&one.type_name).map_or(glue, str::to_owned)
            }
        };
        draft.depends_on();
        let last = one.type_name.rsplit('/').next().unwrap_or("");
        Given {
            id: Id::new(format!("{}:{}/{last}/{short}", source.scheme, source.stack)),
            address: short.clone(),
            name: short,
            type_name,
            shown_type: one.type_name.clone(),
            is_data: false,
            file: one
                .node
                .get("@file")
                .and_then(Node::integer)
                .map_or(0, |file| file.unsigned_abs() as usize),
            at: one.node.get("type").map_or(one.node.span.0, |node| node.span.0),
            attributes: draft.attributes,
        }
    }

    /// The last part of a resource's name; names that are not known may be the same as far as they are.
    fn short_name(&self, index: usize) -> String {
        let one = &self.found[index];
        let is_twin = |other: &&Found<'_>| other.type_name == one.type_name && other.name == one.name;
        let name = one.name.rsplit('/').next().unwrap_or("");
        match self.found[..index].iter().filter(is_twin).count() {
            0 => name.to_owned(),
            earlier => format!("{name}:{}", earlier + 1),
        }
    }

    /// The site whose settings a resource holds.
    fn site_settings(&self, index: usize) -> Option<usize> {
        let one = &self.found[index];
        let outer = one.type_name.strip_suffix("/config").filter(|outer| outer.contains("/sites"))?;
        let (site, own) = one.name.rsplit_once('/')?;
        let is_settings = SITE_SETTINGS.iter().any(|name| own.eq_ignore_ascii_case(name));
        let is_site = |other: &Found<'_>| other.type_name == outer && other.name == site;
        self.found.iter().position(is_site).filter(|_| is_settings)
    }

    /// The secret of a vault of the template that has this name.
    fn secret(&self, name: &str) -> Option<usize> {
        let is_secret = |one: &Found<'_>| {
            one.type_name.ends_with("vaults/secrets") && one.name.rsplit('/').next() == Some(name)
        };
        self.found.iter().position(is_secret).filter(|_| 3 < name.len())
    }

    pub(super) fn value(&self, own: usize, node: &Node, depth: u32) -> GivenValue {
        if depth > MAX_DEPTH {
            return GivenValue::Unknown("a value that is nested too deeply");
        }
        match &node.data {
            Data::Scalar { .. } if node.is_null() => GivenValue::Null,
            Data::Scalar { text: word, plain: true } => match &**word {
                "true" => GivenValue::Bool(true),
                "false" => GivenValue::Bool(false),
                word => word.parse().map_or_else(|_| text(word), GivenValue::Number),
            },
            Data::Scalar { text: word, .. } => self.expression_value(own, word),
            Data::Sequence(items) => {
                GivenValue::List(items.iter().map(|item| self.value(own, item, depth + 1)).collect())
            }
            Data::Mapping(_) => {
                let entry = |(key, value): (&Key, &Node)| {
                    let name = match &*key.text {
                        "availabilityZones" => "zones".to_owned(),
                        "count" => "node_count".to_owned(),
                        "isZoneRedundant" => "zone_redundant".to_owned(),
                        key => snake(key),
                    };
                    (name, self.value(own, value, depth + 1))
                };
                GivenValue::Map(node.entries().into_iter().map(entry).collect())
            }
        }
    }
}

impl Draft<'_, '_> {
    fn add(&mut self, name: impl Into<String>, node: &Node, value: GivenValue) {
        self.attributes.push(GivenAttribute { name: name.into(), at: node.span.0, value });
    }

    fn value(&self, node: &Node) -> GivenValue {
        self.template.value(self.index, node, 0)
    }

    /// What a resource says of itself.
    fn describe(&mut self) {
        let one = &self.template.found[self.index];
        for key in ["location", "zones", "sku", "kind", "identity"] {
            if let Some(node) = one.node.get(key) {
                self.add(key, node, self.value(node));
            }
        }
        let zones = one.node.get("zones").and_then(|zones| zones.items().first());
        let is_machine = terraform_type(&one.type_name) == Some("azurerm_linux_virtual_machine");
        if let Some(zone) = zones.filter(|_| is_machine) {
            self.add("zone", zone, self.value(zone));
        }
        self.sku(one.node);
        for (key, value) in one.node.get("properties").map(Node::entries).unwrap_or_default() {
            match &*key.text {
                "zoneRedundant" => self.add("zone_balancing_enabled", value, self.value(value)),
                // The places of a database account.
                "locations" | "failoverLocations" if self.is_cosmos() => {
                    self.add("geo_location", value, self.value(value));
                }
                "skuCapacity" => self.add("worker_count", value, self.value(value)),
                "agentPoolProfiles" => self.add("default_node_pool", value, self.value(value)),
                "appSettingsKeyValuePairs" => self.settings(value),
                key => self.add(snake(key), value, self.value(value)),
            }
        }
    }

    /// What Azure calls a SKU is several attributes in Terraform.
    fn sku(&mut self, node: &Node) {
        // Modules of Azure's registry take its name as a parameter.
        if let Some(sku) = node.at(&["sku", "name"]).or(node.at(&["properties", "skuName"])) {
            let name = sku.str().map(|text| self.template.text(text, 0)).unwrap_or_default();
            let tiers = ["Standard", "Premium"];
            if let Some((_, replication)) = name.split_once('_').filter(|(tier, _)| tiers.contains(tier)) {
                self.add("account_replication_type", sku, text(replication));
            }
            self.add("sku_name", sku, text(&name));
        }
        if let Some(count) = node.at(&["sku", "capacity"]) {
            self.add("worker_count", count, self.value(count));
            self.add("instances", count, self.value(count));
        }
    }

    fn is_cosmos(&self) -> bool {
        let type_name = &self.template.found[self.index].type_name;
        type_name.eq_ignore_ascii_case("Microsoft.DocumentDB/databaseAccounts")
    }

    fn site_settings(&mut self, site: usize) {
        let node = self.template.found[self.index].node;
        self.add("site_id", node, GivenValue::Resource { index: site, attribute: "id".to_owned() });
        if let Some(settings) = node.get("properties") {
            self.settings(settings);
        }
    }

    /// Settings of a program, which keep their names. The name of a secret means the secret.
    fn settings(&mut self, settings: &Node) {
        let entry = |(key, value): (&Key, &Node)| {
            // Connection strings stand one deeper.
            let value = value.get("value").unwrap_or(value);
            let secret = value.str().and_then(|name| self.template.secret(name));
            let given = match secret {
                Some(index) => GivenValue::Resource { index, attribute: "id".to_owned() },
                None => self.value(value),
            };
            (key.text.to_string(), given)
        };
        let entries = settings.entries().into_iter().map(entry).collect();
        self.add("app_settings", settings, GivenValue::Map(entries));
    }

    fn depends_on(&mut self) {
        let node = self.template.found[self.index].node;
        for before in node.get("dependsOn").map(Node::items).unwrap_or_default() {
            let value =
                before.str().map_or(GivenValue::Null, |text| self.template.depends_on(self.index, text));
            self.add("depends_on", before, GivenValue::List(vec![value]));
        }
    }
}
