//! Durations as text.

/// Formats seconds: `0.6s`, `42s`, `3m 04s`, `2h 05m`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a negative or absurd duration is shown as its nearest sensible one"
)]
pub fn seconds(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    if seconds < 9.95 {
        format!("{:.1}s", seconds.max(0.0))
    } else if whole < 60 {
        format!("{whole}s")
    } else if whole < 3600 {
        format!("{}m {:02}s", whole / 60, whole % 60)
    } else {
        format!("{}h {:02}m", whole / 3600, whole % 3600 / 60)
    }
}

/// Formats a remaining time in seconds without tenths, at least `1s`: `42s`, `3m 04s`.
pub fn whole_seconds(number: f64) -> String {
    let whole = number.ceil().max(1.0);
    if whole < 10.0 { format!("{whole:.0}s") } else { seconds(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_at_most_two_units() {
        for (number, text) in [
            (0.61, "0.6s"),
            (9.96, "10s"),
            (59.4, "59s"),
            (59.9, "1m 00s"),
            (184.0, "3m 04s"),
            (7500.0, "2h 05m"),
        ] {
            assert_eq!(seconds(number), text);
        }
    }

    #[test]
    fn what_is_to_come_has_no_tenths_and_is_never_nothing() {
        for (number, text) in [(0.0, "1s"), (0.61, "1s"), (8.2, "9s"), (9.5, "10s"), (183.4, "3m 04s")] {
            assert_eq!(whole_seconds(number), text);
        }
    }
}
