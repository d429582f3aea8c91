//! Spans of time for people.

/// `90 s`, `30 min`, `4 h`, `7 d`: the largest unit that is exact, else the next smaller one.
pub(crate) fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let exact = units.iter().find(|(size, _)| 0 < seconds && seconds.is_multiple_of(*size));
    let rough = || units.iter().find(|(size, _)| 10 * size <= seconds);
    match exact.or_else(rough) {
        Some((size, unit)) => format!("{} {unit}", seconds / size),
        None => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_short() {
        assert_eq!(
            [span(0), span(90), span(1_800), span(14_400), span(604_800)],
            ["0 s", "90 s", "30 min", "4 h", "7 d"]
        );
        assert_eq!(span(942_942_942), "10913 d");
    }
}
