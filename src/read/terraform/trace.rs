//! Where a value comes from: the line of an expression, and of the variables that it was made of.

use std::collections::BTreeSet;

use super::syntax::{Expr, ExprKind};
use super::value::{InstanceKey, Ref};
use super::world::World;
use crate::model::Evidence;
use crate::source::SourceFile;

/// Pieces of evidence of one expression beyond its own line.
const MAX_PLACES: usize = 4;

/// The line of an expression, then those of the variables behind it.
pub(super) fn evidence(
    world: &World<'_>,
    module: u32,
    file: &SourceFile,
    at: u32,
    expr: &Expr,
) -> Vec<Evidence> {
    let mut out = vec![Evidence::at(file, at as usize)];
    follow(world, module, expr, &mut out, &mut BTreeSet::new(), 0);
    out
}

fn follow(
    world: &World<'_>,
    module: u32,
    expr: &Expr,
    out: &mut Vec<Evidence>,
    seen: &mut BTreeSet<(u32, String)>,
    depth: u32,
) {
    if depth > 12 {
        return;
    }
    expr.walk(&mut |part| {
        let ExprKind::Get(source, name) = &part.kind else { return };
        let ExprKind::Variable(root) = &source.kind else { return };
        if out.len() > MAX_PLACES || !seen.insert((module, format!("{root}.{name}"))) {
            return;
        }
        match &**root {
            "var" => variable(world, module, name, out, seen, depth),
            "local" => {
                let instance = world.instance(module);
                if let Some((file, attribute)) = instance.module.and_then(|config| config.locals.get(&**name))
                {
                    if is_telling(&attribute.value) {
                        push(out, Evidence::at(file, attribute.at as usize));
                    }
                    follow(world, module, &attribute.value, out, seen, depth + 1);
                }
            }
            _ => {}
        }
    });
}

fn variable(
    world: &World<'_>,
    module: u32,
    name: &str,
    out: &mut Vec<Evidence>,
    seen: &mut BTreeSet<(u32, String)>,
    depth: u32,
) {
    let instance = world.instance(module);
    if module == 0 {
        if let Some(input) = world.input(name) {
            if let Some((file, at)) = input.place {
                push(out, Evidence::at(file, at as usize));
            }
            return;
        }
    } else if let (Some(parent), Some(call)) = (instance.parent, instance.call)
        && let Some(argument) = call.body().attribute(name)
    {
        push(out, Evidence::at(call.file, argument.at as usize));
        follow(world, parent, &argument.value, out, seen, depth + 1);
        return;
    }
    if let Some(declared) = instance.module.and_then(|config| config.variables.get(name)) {
        let at = declared.body().attribute("default").map_or(declared.block.at, |default| default.at);
        push(out, Evidence::at(declared.file, at as usize));
    }
}

fn push(out: &mut Vec<Evidence>, evidence: Evidence) {
    if !out.contains(&evidence) {
        out.push(evidence);
    }
}

/// Whether a local says something itself rather than passing on.
fn is_telling(expr: &Expr) -> bool {
    let mut tells = false;
    expr.walk(&mut |part| {
        tells |= matches!(
            part.kind,
            ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::Template(_)
        );
    });
    tells
}

/// The offset in an expression at which a resource is named; that of the attribute when it is not.
pub(super) fn locate(world: &World<'_>, expr: &Expr, at: u32, reference: &Ref) -> u32 {
    let InstanceKey { resource, .. } = reference.instance;
    if resource == super::world::EXTERNAL || reference.instance.module == super::world::FOREIGN {
        return at;
    }
    let resource = world.resource(&reference.instance);
    let mut found = None;
    expr.walk(&mut |part| {
        let ExprKind::Get(source, name) = &part.kind else { return };
        let type_name = match &source.kind {
            ExprKind::Variable(type_name) | ExprKind::Get(_, type_name) => type_name,
            _ => return,
        };
        if **type_name == *resource.type_name && **name == *resource.name {
            found = found.or(Some(part.span.0));
        }
    });
    found.unwrap_or(at)
}

/// The offset of a text in an expression; that of the attribute when it does not stand there.
pub(super) fn locate_text(expr: &Expr, at: u32, text: &str) -> u32 {
    let mut found = None;
    expr.walk(&mut |part| {
        if found.is_none() && matches!(&part.kind, ExprKind::String(literal) if &**literal == text) {
            found = Some(part.span.0);
        }
    });
    found.unwrap_or(at)
}
