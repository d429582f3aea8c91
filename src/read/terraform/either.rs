//! Values that are one of several, not known which: what all of them say is known all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::value::{Kind, Shape, Value, equal};

/// What a value may be.
#[derive(Debug)]
pub(super) struct Either {
    /// Two or more, none of them unknown.
    pub(super) of: Vec<Value>,
    /// The entries that all of them have, where all are maps.
    pub(super) shared: Option<Value>,
}

/// More than that are not told apart.
const MOST: usize = 20;

/// One of these values; the reason says why it is not known which.
pub(super) fn either(values: &[Value], reason: &Arc<str>) -> Value {
    let of = told_apart(values);
    if let Some([only]) = of.as_deref() {
        return only.clone();
    }
    if let Some(known) = of.as_ref().and_then(|of| same_shape(of, reason)) {
        return known;
    }
    let shape = match of {
        Some(of) => Shape::Either(Either { shared: shared(&of, reason), of }),
        None => Shape::Nothing,
    };
    Value::shaped(Arc::clone(reason), shape).with_refs(&Value::list(values.to_vec()).deep_refs())
}

/// The different ones among values; nothing where one of them is not known, or where there are too many.
fn told_apart(values: &[Value]) -> Option<Vec<Value>> {
    let mut out: Vec<Value> = Vec::new();
    for value in values {
        let of = match value.alternatives() {
            Some(of) => of,
            None if value.is_unknown() => return None,
            None => std::slice::from_ref(value),
        };
        for one in of {
            if !out.iter().any(|other| equal(other, one) == Some(true)) {
                out.push(one.clone());
            }
        }
        if out.len() > MOST {
            return None;
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The map or list that the values all are, where they have the same keys or the same length.
fn same_shape(of: &[Value], reason: &Arc<str>) -> Option<Value> {
    let first = of.first()?;
    if let Kind::List(items) = &first.kind {
        let lists: Option<Vec<_>> = of.iter().map(|value| value.items()).collect();
        let lists = lists.filter(|lists| lists.iter().all(|list| list.len() == items.len()))?;
        let at = |index: usize| lists.iter().map(|list| list[index].clone()).collect::<Vec<_>>();
        return Some(Value::list((0..items.len()).map(|index| either(&at(index), reason)).collect()));
    }
    let keys: BTreeSet<_> = first.entries()?.keys().collect();
    let is_same =
        |value: &Value| value.entries().is_some_and(|entries| entries.keys().eq(keys.iter().copied()));
    if of.iter().all(is_same) { shared(of, reason) } else { None }
}

/// The entries that all maps have.
fn shared(of: &[Value], reason: &Arc<str>) -> Option<Value> {
    let maps: Vec<_> = of.iter().map(Value::entries).collect::<Option<_>>()?;
    let (first, others) = maps.split_first()?;
    let in_all = first.keys().filter(|key| others.iter().all(|map| map.contains_key(*key)));
    let entry = |key: &Arc<str>| {
        let values: Vec<Value> = maps.iter().filter_map(|map| map.get(key).cloned()).collect();
        (Arc::clone(key), either(&values, reason))
    };
    Some(Value::map(in_all.map(entry).collect::<BTreeMap<_, _>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::map(entries.iter().map(|(key, value)| (Arc::from(*key), value.clone())).collect())
    }

    fn one_of(values: &[Value]) -> Value {
        either(values, &Arc::from("`var.x` is not given"))
    }

    #[test]
    fn what_all_of_them_say_is_known() {
        let (dev, prod) = (
            map(&[("region", Value::string("eu-west-1")), ("count", Value::number(1.0))]),
            map(&[("region", Value::string("eu-west-1")), ("count", Value::number(2.0))]),
        );
        let both = one_of(&[dev.clone(), prod]);
        let entries = both.entries().unwrap();
        assert_eq!(entries["region"].text().as_deref(), Some("eu-west-1"));
        assert!(entries["count"].is_unknown());
        assert_eq!(entries["count"].alternatives().unwrap().len(), 2);
        assert!(!one_of(&[dev.clone(), dev]).is_unknown());
    }

    #[test]
    fn entries_that_one_of_them_has_are_not_shared() {
        let both = one_of(&[
            map(&[("a", Value::number(1.0)), ("b", Value::NULL)]),
            map(&[("a", Value::number(1.0))]),
        ]);
        assert!(both.is_unknown());
        let keys: Vec<_> = both.known_part().entries().unwrap().keys().map(|key| &**key).collect();
        assert_eq!(keys, ["a"]);
    }

    #[test]
    fn one_that_is_not_known_may_be_anything() {
        assert!(one_of(&[Value::number(1.0), Value::unknown("x")]).alternatives().is_none());
        let many: Vec<Value> = (0..50).map(|number| Value::number(f64::from(number))).collect();
        assert!(one_of(&many).alternatives().is_none());
        let nested = one_of(&[one_of(&many[..3]), Value::number(7.0)]);
        assert_eq!(nested.alternatives().unwrap().len(), 4);
    }

    #[test]
    fn a_comparison_that_holds_for_all_holds() {
        let both = one_of(&[Value::number(1.0), Value::number(2.0)]);
        assert_eq!(equal(&both, &Value::NULL), Some(false));
        assert_eq!(equal(&Value::number(2.0), &both), None);
    }
}
