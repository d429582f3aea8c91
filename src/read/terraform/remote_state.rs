//! Values of other roots: outputs read through their state, and their resources as foreign ones of this root.

use std::sync::Arc;

use super::config::Resource;
use super::knowledge::links;
use super::session::Foreign;
use super::value::{InstanceKey, Key, Kind, Ref, Refs, Value};
use super::world::{EXTERNAL, FOREIGN, Scope, World};

impl<'a> World<'a> {
    /// The outputs of the root whose state a look-up reads.
    pub(super) fn remote_outputs(&self, resource: Resource<'a>, scope: Scope<'_>) -> Value {
        let body = resource.declared.body();
        let config = match resource.type_name {
            "tfe_outputs" => self.body_value(body, scope),
            _ => match (body.attribute("config"), body.block("config")) {
                (Some(config), _) => self.eval(&config.value, scope),
                (None, Some(block)) => self.body_value(&block.body, scope),
                (None, None) => Value::NULL,
            },
        };
        let backend = match resource.type_name {
            "tfe_outputs" => Some(Arc::from("remote")),
            _ => body.attribute("backend").and_then(|backend| self.eval(&backend.value, scope).text()),
        };
        let found = backend.and_then(|backend| {
            let (session, _) = self.session.as_ref()?;
            self.outputs_elsewhere(session.state(&backend, &config)?)
        });
        found.unwrap_or_else(|| Value::unknown("the state of another configuration is not in the tree"))
    }

    /// The outputs of another root, found once.
    pub(super) fn outputs_elsewhere(&self, root: usize) -> Option<Value> {
        if let Some(known) = self.elsewhere.borrow().get(&root) {
            return known.clone();
        }
        self.elsewhere.borrow_mut().insert(root, None);
        let (session, _) = self.session.as_ref()?;
        let outputs = session.outputs(self, root);
        self.elsewhere.borrow_mut().insert(root, outputs.clone());
        outputs
    }

    /// A value of another root's world as one of this: references lead to foreign resources.
    pub(super) fn adopt(&self, other: &World<'a>, root: usize, value: &Value, depth: u32) -> Value {
        let adopted = |refs: &Refs| {
            let all =
                refs.iter().flat_map(|refs| refs.iter()).flat_map(|reference| other.with_carried(reference));
            let own = all.filter_map(|reference| {
                let instance = self.adopt_key(other, root, &reference.instance)?;
                Some(Ref { instance, attribute: reference.attribute })
            });
            refs.as_ref().map(|_| Arc::new(own.collect()))
        };
        let inner = |item: &Value| {
            if depth > 16 { Value::unknown("too deep") } else { self.adopt(other, root, item, depth + 1) }
        };
        let kind = match &value.kind {
            Kind::List(items) => Kind::List(Arc::new(items.iter().map(inner).collect())),
            Kind::Set(items) => Kind::Set(Arc::new(items.iter().map(inner).collect())),
            Kind::Map(map) => {
                Kind::Map(Arc::new(map.iter().map(|(key, item)| (Arc::clone(key), inner(item))).collect()))
            }
            Kind::Instance(key) => {
                let whole = Value::unknown("a resource of another configuration");
                return match self.adopt_key(other, root, key) {
                    Some(instance) => whole.with_ref(Ref { instance, attribute: "".into() }),
                    None => whole,
                };
            }
            Kind::Module(_) => Value::unknown("a module of another configuration").kind,
            Kind::Unknown(unknown) => {
                let whole = Value::unknown(Arc::clone(&unknown.reason));
                return whole.with_refs(&adopted(&value.deep_refs()));
            }
            kind => kind.clone(),
        };
        Value { kind, refs: adopted(&value.refs) }
    }

    /// A reference with those of the value that its resource keeps for others.
    fn with_carried(&self, reference: &Ref) -> Vec<Ref> {
        let key = &reference.instance;
        let mut out = vec![reference.clone()];
        if key.module == FOREIGN || key.resource == EXTERNAL {
            return out;
        }
        let resource = self.resource(key);
        if links().is_carrier(resource.type_name) {
            let attributes = resource.declared.body().attributes.iter();
            for attribute in attributes.filter(|attribute| !attribute.name.ends_with("_id")) {
                self.attribute(key, &attribute.name)
                    .each_ref(&mut 100, &mut |carried| out.push(carried.clone()));
            }
        }
        out
    }

    fn adopt_key(&self, other: &World<'a>, root: usize, key: &InstanceKey) -> Option<InstanceKey> {
        let found = if key.module == FOREIGN {
            other.foreign.borrow().get(key.resource as usize)?.clone()
        } else if key.resource == EXTERNAL {
            let instance = other.instance(key.module);
            let call = instance.call?;
            let source = call.body().attribute("source").and_then(|source| source.value.literal());
            let stands_for = source.and_then(|source| links().module(source));
            Foreign {
                address: instance.address.clone(),
                root,
                type_name: stands_for.unwrap_or("module").to_owned(),
                name: call.block.labels.first()?.to_string(),
                declared: call,
                zone: None,
            }
        } else {
            let resource = other.resource(key);
            let is_subnet = resource.type_name.ends_with("subnet");
            let zone = is_subnet
                .then(|| other.attribute(key, "availability_zone"))
                .filter(|zone| zone.text().is_some());
            Foreign {
                address: other.address(key),
                root,
                type_name: resource.type_name.to_owned(),
                name: resource.name.to_owned(),
                declared: resource.declared,
                zone: zone.map(|zone| Value { kind: zone.kind, refs: None }),
            }
        };
        let mut foreign = self.foreign.borrow_mut();
        let index =
            foreign.iter().position(|known| known.address == found.address && known.root == found.root);
        let index = index.unwrap_or_else(|| {
            foreign.push(found);
            foreign.len() - 1
        });
        Some(InstanceKey { module: FOREIGN, resource: index as u32, key: Key::None })
    }
}
