//! Values of expressions: what an event's probability comes to.

use std::collections::BTreeMap;

use super::Settings;
use super::definitions::{Definitions, Sort};
use super::document::Spot;
use crate::source::Problems;

/// Parameters may refer to each other this deep.
const CHAIN: usize = 200;

/// The probability of each basic event, by position in the definitions; `None` inside when it is not known.
pub(super) fn values(
    definitions: &Definitions<'_>,
    settings: Settings,
    problems: &mut Problems,
) -> BTreeMap<usize, Option<f64>> {
    let mut evaluation = Evaluation { definitions, settings, problems, parameters: BTreeMap::new() };
    let mut values = BTreeMap::new();
    for (at, definition) in definitions.all.iter().enumerate() {
        if definition.sort != Sort::Basic {
            continue;
        }
        let expression = definition.distribution.or_else(|| definition.spot.children().next());
        let value = expression.and_then(|spot| evaluation.value(spot, &definition.base, &mut Vec::new()));
        let value = value.filter(|value| {
            let fits = (0.0..=1.0).contains(value);
            if !fits {
                let message = format!(
                    "the probability of `{}` is {value}, which is not between 0 and 1",
                    definition.name
                );
                evaluation.problems.error(definition.spot.location(), message);
            }
            fits
        });
        values.insert(at, value);
    }
    values
}

struct Evaluation<'a, 'p> {
    definitions: &'a Definitions<'a>,
    settings: Settings,
    problems: &'p mut Problems,
    parameters: BTreeMap<usize, Option<f64>>,
}

impl<'a> Evaluation<'a, '_> {
    /// The value of an expression; `None` with a problem raised when it has none. `open` holds the parameters being
    /// evaluated; documents bound the depth within one, [`CHAIN`] the depth across them.
    fn value(&mut self, spot: Spot<'a>, base: &str, open: &mut Vec<usize>) -> Option<f64> {
        let element = spot.get();
        match element.name {
            "float" | "int" => {
                let value = element
                    .attribute("value")
                    .and_then(|value| value.parse::<f64>().ok())
                    .filter(|value| value.is_finite());
                if value.is_none() {
                    self.problems
                        .error(spot.location(), format!("`{}` needs a number as its `value`", element.name));
                }
                value
            }
            "bool" => Some(f64::from(u8::from(element.attribute("value") == Some("true")))),
            "pi" => Some(std::f64::consts::PI),
            "system-mission-time" => Some(self.settings.mission_hours),
            "parameter" => self.parameter(spot, base, open),
            name => {
                let arguments: Option<Vec<f64>> =
                    spot.children().map(|inside| self.value(inside, base, open)).collect();
                let value = compute(name, &arguments?);
                if value.is_none() {
                    self.problems.warning(
                        spot.location(),
                        format!("the expression `{name}` is not evaluated: the probability is not known"),
                    );
                }
                value.filter(|value| value.is_finite())
            }
        }
    }

    fn parameter(&mut self, spot: Spot<'a>, base: &str, open: &mut Vec<usize>) -> Option<f64> {
        let name = spot.get().attribute("name").unwrap_or_default();
        let Some(at) = self.definitions.parameter(base, name) else {
            self.problems.error(spot.location(), format!("the parameter `{name}` is used but not defined"));
            return None;
        };
        if let Some(value) = self.parameters.get(&at) {
            return *value;
        }
        if open.contains(&at) || open.len() >= CHAIN {
            let what = if open.contains(&at) {
                "needs itself".to_owned()
            } else {
                format!("refers to more than {CHAIN} others in a row")
            };
            self.problems.error(spot.location(), format!("the parameter `{name}` {what}"));
            return None;
        }
        open.push(at);
        let definition = &self.definitions.all[at];
        let value =
            definition.spot.children().next().and_then(|inside| self.value(inside, &definition.base, open));
        open.pop();
        self.parameters.insert(at, value);
        value
    }
}

/// The operations of chapter "stochastic layer" of the Open-PSA format that have a point value.
fn compute(name: &str, arguments: &[f64]) -> Option<f64> {
    let value = match (name, arguments) {
        ("neg", [x]) => -x,
        ("add", [_, ..]) => arguments.iter().sum(),
        ("sub", [first, rest @ ..]) => rest.iter().fold(*first, |value, x| value - x),
        ("mul", [_, ..]) => arguments.iter().product(),
        ("div", [first, rest @ ..]) => rest.iter().fold(*first, |value, x| value / x),
        ("min", [first, rest @ ..]) => rest.iter().fold(*first, |value, x| value.min(*x)),
        ("max", [first, rest @ ..]) => rest.iter().fold(*first, |value, x| value.max(*x)),
        ("mean", [_, ..]) => arguments.iter().sum::<f64>() / arguments.len() as f64,
        ("abs", [x]) => x.abs(),
        ("exp", [x]) => x.exp(),
        ("log", [x]) => x.ln(),
        ("log10", [x]) => x.log10(),
        ("sqrt", [x]) => x.sqrt(),
        ("pow", [x, y]) => x.powf(*y),
        ("exponential", [rate, time]) => failed_by(*rate, *time),
        ("GLM", [gamma, lambda, mu, time]) => {
            let sum = lambda + mu;
            (lambda - (lambda - gamma * sum) * (-sum * time).exp()) / sum
        }
        ("Weibull", [scale, shape, start, time]) if time > start => {
            -(-((time - start) / scale).powf(*shape)).exp_m1()
        }
        ("Weibull", [_, _, _, _]) => 0.0,
        ("periodic-test", [lambda, tau, theta, time]) => match time - theta {
            after if after > 0.0 => failed_by(*lambda, after % tau),
            _ => failed_by(*lambda, *time),
        },
        ("periodic-test", [lambda, mu, tau, theta, time]) => {
            periodic_with_repair(*lambda, *mu, *tau, *theta, *time)?
        }
        ("uniform-deviate", [low, high]) => (low + high) / 2.0,
        ("normal-deviate" | "lognormal-deviate", [mean, _, ..])
            if name == "normal-deviate" || arguments.len() == 3 =>
        {
            *mean
        }
        ("lognormal-deviate", [mu, sigma]) => (mu + sigma * sigma / 2.0).exp(),
        ("gamma-deviate", [shape, scale]) => shape * scale,
        ("beta-deviate", [alpha, beta]) => alpha / (alpha + beta),
        _ => return None,
    };
    Some(value)
}

fn failed_by(rate: f64, time: f64) -> f64 {
    -(-rate * time).exp_m1()
}

/// Tested every `tau` from `theta` on, repaired at rate `mu` when found failed.
fn periodic_with_repair(lambda: f64, mu: f64, tau: f64, theta: f64, time: f64) -> Option<f64> {
    if time <= theta {
        return Some(failed_by(lambda, time));
    }
    let after = |failed: f64, span: f64| {
        let repaired_and_failed = if (mu - lambda).abs() < f64::EPSILON * lambda {
            1.0 - (1.0 + lambda * span) * (-lambda * span).exp()
        } else {
            1.0 - (lambda * (-mu * span).exp() - mu * (-lambda * span).exp()) / (lambda - mu)
        };
        failed * (1.0 - failed_by(mu, span))
            + failed * repaired_and_failed
            + (1.0 - failed) * failed_by(lambda, span)
    };
    let periods = ((time - theta) / tau).floor();
    // A hostile model may ask for a test every nanosecond.
    if !(0.0..=1e6).contains(&periods) {
        return None;
    }
    let mut failed = failed_by(lambda, theta);
    for _ in 0..periods as u64 {
        failed = after(failed, tau);
    }
    Some(after(failed, time - theta - periods * tau))
}
