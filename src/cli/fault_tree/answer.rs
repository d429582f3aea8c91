//! What is printed of a solved tree: one answer, as JSON or as a table.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::analyze::fault_tree::{
    Count, EventId, FaultTree, Importance, Listing, Probability, Ranking, Solution,
};

/// An answer; names are those of the tree.
pub(super) struct Answer<'a> {
    tree: &'a FaultTree,
    coherent: bool,
    counts: BTreeMap<usize, Count>,
    complete_to_order: Option<u32>,
    /// Why it is not complete, in words.
    ends: &'static str,
    sets: Vec<Vec<EventId>>,
    probability: Option<Probability>,
    importance: &'a [Importance],
    without_probability: &'a [EventId],
}

impl<'a> Answer<'a> {
    /// Of a tree that was counted; `sets` are those to list.
    pub(super) fn counted(tree: &'a FaultTree, solution: &'a Solution, sets: Vec<Vec<EventId>>) -> Self {
        let counts = solution.by_order.iter().cloned().enumerate().filter(|(_, count)| !count.is_zero());
        Answer {
            tree,
            coherent: solution.coherent,
            counts: counts.collect(),
            complete_to_order: solution.complete_to_order,
            ends: if solution.cut_short() { "the rest does not fit in memory" } else { "" },
            sets,
            probability: solution.probability,
            importance: &solution.importance,
            without_probability: &solution.without_probability,
        }
    }

    /// Of a tree whose best sets were listed and no others counted.
    pub(super) fn listed(tree: &'a FaultTree, listing: Listing, ranking: Ranking) -> Self {
        let complete_to_order = match (listing.all, ranking) {
            (true, Ranking::Size) => None,
            // Others of the last one's order may be missing.
            (false, Ranking::Size) => {
                Some(listing.sets.last().map_or(0, |set| (set.len() as u32).saturating_sub(1)))
            }
            (_, Ranking::Probability) => Some(0),
        };
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        let known = |set: &&Vec<EventId>| complete_to_order.is_none_or(|order| set.len() <= order as usize);
        for set in listing.sets.iter().filter(known) {
            *counts.entry(set.len()).or_default() += 1;
        }
        let ends = if listing.given_up { "the search was given up" } else { "the rest was not asked for" };
        Answer {
            tree,
            coherent: true,
            counts: counts.into_iter().map(|(order, count)| (order, Count::from(count))).collect(),
            complete_to_order,
            ends,
            sets: listing.sets,
            probability: None,
            importance: &[],
            without_probability: &[],
        }
    }

    fn count(&self) -> Count {
        self.counts.values().fold(Count::default(), |sum, count| sum.plus(count))
    }

    fn names(&self, set: &[EventId]) -> Vec<&str> {
        set.iter().map(|event| self.tree.event_name(*event)).collect()
    }

    /// What a cut set is in this tree.
    fn meaning(&self) -> &'static str {
        if self.coherent {
            "a smallest set of events that makes the top true"
        } else {
            "a smallest set of events that makes the top true when no other event has happened (minimal p-cut; the tree is not coherent)"
        }
    }

    pub(super) fn write_json(&self, out: &mut dyn Write) -> Result<()> {
        let gates = self.tree.gates();
        let named = |gate: &&u32| !gates[**gate as usize].name.is_empty();
        let by_order: Map<String, Value> =
            self.counts.iter().map(|(order, count)| (order.to_string(), json!(count.to_string()))).collect();
        let answer = json!({
            "top": self.tree.top_name(),
            "gates": self.tree.gates_below_top().iter().filter(named).count(),
            "basic_events": self.tree.events_below_top().len(),
            "coherent": self.coherent,
            "minimal_cut_sets": {
                "meaning": self.meaning(),
                "count": self.count().to_string(),
                "complete_to_order": self.complete_to_order,
                "by_order": by_order,
                "sets": self.sets.iter().map(|set| self.names(set)).collect::<Vec<_>>(),
            },
            "probability": self.probability.map(probability_json),
            "importance": self.importance.iter().map(|of| self.importance_json(of)).collect::<Vec<_>>(),
        });
        serde_json::to_writer(&mut *out, &answer)?;
        writeln!(out)?;
        Ok(())
    }

    fn importance_json(&self, of: &Importance) -> Value {
        json!({
            "event": self.tree.event_name(of.event), "birnbaum": of.birnbaum, "criticality": of.criticality,
            "fussell_vesely": of.fussell_vesely, "diagnostic": of.diagnostic, "raw": of.raw,
            // An infinite worth has no number in JSON.
            "rrw": of.rrw.is_finite().then_some(of.rrw),
        })
    }

    pub(super) fn write_table(&self, out: &mut dyn Write) -> Result<()> {
        writeln!(out, "top           {}", printable(self.tree.top_name()))?;
        writeln!(out, "basic events  {}", self.tree.events_below_top().len())?;
        self.write_probability(out)?;
        let complete = match self.complete_to_order {
            None => "all of them".to_owned(),
            Some(order) if self.ends.is_empty() => format!("complete up to order {order}"),
            Some(order) => format!("more than these: complete up to order {order}, {}", self.ends),
        };
        writeln!(out, "cut sets      {} ({complete})", self.count())?;
        if !self.coherent {
            writeln!(out, "              each is {}", self.meaning())?;
        }
        for (order, count) in &self.counts {
            writeln!(out, "  order {order:>4}  {count}")?;
        }
        for set in &self.sets {
            let names: Vec<String> = self.names(set).into_iter().map(printable).collect();
            writeln!(out, "  {{{}}}", names.join(", "))?;
        }
        self.write_importance(out)
    }

    fn write_probability(&self, out: &mut dyn Write) -> Result<()> {
        match self.probability {
            Some(Probability::Exact(exact)) => {
                writeln!(out, "probability   {exact:.6e} (exact, events independent)")?;
            }
            Some(Probability::Bounds { lower, upper, estimate }) => {
                writeln!(
                    out,
                    "probability   between {lower:.6e} and {upper:.6e} (too large for an exact answer)"
                )?;
                if let Some(estimate) = estimate {
                    writeln!(
                        out,
                        "              {:.6e} by {} trials, 95 % between {:.6e} and {:.6e}",
                        estimate.mean, estimate.trials, estimate.lower, estimate.upper
                    )?;
                }
            }
            None => {
                if let Some(first) = self.without_probability.first() {
                    writeln!(
                        out,
                        "probability   not known: {} events have none, `{}` among them",
                        self.without_probability.len(),
                        printable(self.tree.event_name(*first))
                    )?;
                }
            }
        }
        Ok(())
    }

    fn write_importance(&self, out: &mut dyn Write) -> Result<()> {
        const SHOWN: usize = 20;
        if self.importance.is_empty() {
            return Ok(());
        }
        let headings = ["Birnbaum", "criticality", "Fussell-V.", "diagnostic", "RAW", "RRW"];
        let headings: Vec<String> = headings.iter().map(|heading| format!("{heading:>12}")).collect();
        writeln!(out, "{:<32} {}", "event", headings.join(" "))?;
        for of in self.importance.iter().take(SHOWN) {
            let name = printable(self.tree.event_name(of.event));
            let measures = [of.birnbaum, of.criticality, of.fussell_vesely, of.diagnostic, of.raw, of.rrw];
            let measures: Vec<String> = measures.iter().map(|measure| format!("{measure:>12.5e}")).collect();
            writeln!(out, "{name:<32} {}", measures.join(" "))?;
        }
        if self.importance.len() > SHOWN {
            writeln!(out, "... and {} more, in the JSON", self.importance.len() - SHOWN)?;
        }
        Ok(())
    }
}

fn probability_json(probability: Probability) -> Value {
    match probability {
        Probability::Exact(exact) => json!({ "exact": exact }),
        Probability::Bounds { lower, upper, estimate } => {
            let mut bounds = json!({ "lower": lower, "upper": upper });
            if let Some(estimate) = estimate {
                bounds["estimate"] = json!({
                    "mean": estimate.mean, "lower_95": estimate.lower, "upper_95": estimate.upper,
                    "trials": estimate.trials, "seed": estimate.seed,
                });
            }
            bounds
        }
    }
}

/// Names come from files: control characters do not reach a terminal.
fn printable(name: &str) -> String {
    name.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
