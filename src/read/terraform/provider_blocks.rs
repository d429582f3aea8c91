//! Provider blocks: which one configures a resource, through aliases and what module calls hand on.

use super::config::{Declared, Resource};
use super::graph::Item;
use super::syntax::{Expr, ExprKind};
use super::value::Value;
use super::world::{EXTERNAL, World};

/// A configured provider of a module instance: its block and the module it stands in; `None` when nothing
/// configures it.
type Configured<'a> = Option<(u32, Declared<'a>)>;

/// The provider block behind a resource: its `provider` argument, else the default of its local name.
pub(super) fn configured_provider<'a>(world: &World<'a>, item: &Item<'a>) -> Configured<'a> {
    let module = item.key.module;
    let (module, name, alias) = if item.key.resource == EXTERNAL {
        let instance = world.instance(module);
        let call = instance.call?;
        let of_type = item.type_name.split('_').next().unwrap_or("");
        let wanted = item.told.prefix.as_deref().filter(|_| item.kind.is_none()).unwrap_or(of_type);
        let given =
            call.body().attribute("providers").and_then(|providers| given(&providers.value, wanted, None));
        let (name, alias) = given.unwrap_or((wanted.to_owned(), None));
        (instance.parent?, name, alias)
    } else {
        let (name, alias) = named_provider(item.declared, &item.type_name);
        (module, name, alias)
    };
    find(world, module, &name, alias.as_deref(), 0)
}

/// The name and alias of a resource's provider.
fn named_provider(declared: Declared<'_>, type_name: &str) -> (String, Option<String>) {
    let said = declared.body().attribute("provider").and_then(|provider| provider_name(&provider.value));
    said.unwrap_or_else(|| (type_name.split('_').next().unwrap_or("").to_owned(), None))
}

/// What an argument of a resource's provider says, where a block configures it.
pub(super) fn said_by_provider(
    world: &World<'_>,
    module: u32,
    resource: Resource<'_>,
    argument: &str,
) -> Option<Value> {
    let (name, alias) = named_provider(resource.declared, resource.type_name);
    let (module, provider) = find(world, module, &name, alias.as_deref(), 0)?;
    let said = provider.body().attribute(argument)?;
    Some(world.eval_at(module, provider.file, &said.value))
}

fn find<'a>(world: &World<'a>, module: u32, name: &str, alias: Option<&str>, depth: u32) -> Configured<'a> {
    if depth > 20 {
        return None;
    }
    let instance = world.instance(module);
    let config = instance.module?;
    let own = config.providers.iter().find(|provider| {
        let labels = &provider.block.labels;
        let is_alias =
            provider.body().attribute("alias").and_then(|alias| alias.value.literal().map(str::to_owned));
        labels.first().is_some_and(|label| &**label == name) && is_alias.as_deref() == alias
    });
    if let Some(own) = own {
        return Some((module, *own));
    }
    let (parent, call) = (instance.parent?, instance.call?);
    let given = call.body().attribute("providers").and_then(|providers| given(&providers.value, name, alias));
    match given {
        Some((name, alias)) => find(world, parent, &name, alias.as_deref(), depth + 1),
        // A default configuration is inherited; an alias has to be given.
        None if alias.is_none() => find(world, parent, name, None, depth + 1),
        None => None,
    }
}

/// What `providers = { aws.b = aws.c }` says of a name.
fn given(providers: &Expr, name: &str, alias: Option<&str>) -> Option<(String, Option<String>)> {
    let ExprKind::Object(items) = &providers.kind else { return None };
    items.iter().find_map(|(key, value)| {
        let (key_name, key_alias) = provider_name(key)?;
        (key_name == name && key_alias.as_deref() == alias).then(|| provider_name(value)).flatten()
    })
}

/// `aws`, `aws.west` or the text `aws.west`.
fn provider_name(expr: &Expr) -> Option<(String, Option<String>)> {
    match &expr.kind {
        ExprKind::Variable(name) => Some((name.to_string(), None)),
        ExprKind::Get(source, alias) => match &source.kind {
            ExprKind::Variable(name) => Some((name.to_string(), Some(alias.to_string()))),
            _ => None,
        },
        ExprKind::Index(source, _) => provider_name(source),
        ExprKind::String(text) => Some(match text.split_once('.') {
            Some((name, alias)) => (name.to_owned(), Some(alias.to_owned())),
            None => (text.to_string(), None),
        }),
        _ => None,
    }
}
