//! Durations as text: `"90s"`, `"2m"`, `"1h30m"`, `"90d"`.

use std::time::Duration;

use super::{
    field::TomlValue,
    reader::{TomlNode, TomlReader},
    value_schema::value_schema,
};

/// Duration, written as a text such as `"1h30m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length(pub(crate) Duration);

const UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// Parses a duration such as `1h30m`; the error is the reason why the text is none.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    let mut rest = text;
    let mut milliseconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        if digits == 0 {
            return Err("it must start with a whole number");
        }
        let number: u64 = rest[..digits].parse().map_err(|_| "the number is too large")?;
        let unit = &rest[digits..digits + letters];
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let factor = factor.ok_or(if unit.is_empty() {
            "the unit is missing"
        } else {
            "the units are ms, s, m, h, d and w"
        })?;
        milliseconds =
            number.checked_mul(factor).and_then(|n| milliseconds.checked_add(n)).ok_or("it is too long")?;
        rest = &rest[digits + letters..];
    }
    Ok(Duration::from_millis(milliseconds))
}

/// Formats a duration in the largest unit that expresses it exactly: `90m`.
pub fn duration_word(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let fits = |(_, factor): &&(&str, u64)| milliseconds.is_multiple_of(u128::from(*factor));
    let (unit, factor) = UNITS.iter().rev().find(fits).filter(|_| milliseconds > 0).unwrap_or(&UNITS[1]);
    format!("{}{unit}", milliseconds / u128::from(*factor))
}

impl TomlValue for Length {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        match parse_duration(text) {
            Ok(duration) => Some(Self(duration)),
            Err(reason) => {
                let help = "a whole number and a unit, as \"30s\", \"2m\", \"1h\" or \"90d\"";
                reader.report_invalid("config::duration", node.span(), reason, help);
                None
            }
        }
    }
}

value_schema!(inline Length, "Duration", { "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d|w))+$" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_sum_of_numbers_with_units() {
        let seconds = |text: &str| parse_duration(text).map(|d| d.as_secs());
        assert_eq!(seconds("2m"), Ok(120));
        assert_eq!(seconds("0s"), Ok(0));
        assert_eq!(seconds("1h30m"), Ok(5_400));
        assert_eq!(seconds("90d"), Ok(7_776_000));
        assert_eq!(seconds("1w"), Ok(604_800));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn a_number_alone_is_no_duration() {
        for bad in [
            "",
            "2",
            "m",
            "2 m",
            "-2m",
            "2min",
            "1.5h",
            "2m3",
            "99999999999999999999s",
            "18446744073709551615w",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }
}
