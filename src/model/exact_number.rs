//! Numbers without loss of digits: engines keep every digit of a number, a JSON value in memory keeps 64 bits.

use serde_json::Number;

/// Returns a number as a JSON value if that keeps every digit of the text; `None` also when the text is no number.
pub fn exact_number(text: &str) -> Option<Number> {
    let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    whole.ok().or_else(|| {
        let number = Number::from_f64(text.parse().ok()?)?;
        is_same_number(&number.to_string(), text).then_some(number)
    })
}

/// Returns true if two texts are the same decimal number, to the last digit.
pub fn is_same_number(one: &str, other: &str) -> bool {
    Decimal::parse(one).is_some_and(|one| Some(one) == Decimal::parse(other))
}

/// Returns true if a JSON value in memory keeps every digit of each number in a JSON text.
pub fn keeps_numbers(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        rest = &rest[at..];
        if let Some(string) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = string.find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            rest = end.map_or("", |end| &string[end + 1..]);
            continue;
        }
        let end = rest.find(|c: char| !"+-.eE0123456789".contains(c)).unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        if exact_number(number).is_none() {
            return false;
        }
        rest = behind;
    }
    true
}

/// Decimal number in normal form: equal numbers have equal fields.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// Significant digits, without zeros at either end; empty for zero.
    digits: String,
    /// Power of ten of the last digit.
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = all.trim_end_matches('0');
        let dropped = i64::try_from(all.len() - significant.len()).ok()?;
        let digits = significant.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
        Some(Self { negative, digits, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_only_with_all_its_digits() {
        for (text, kept) in [
            ("0", "0"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            ("1.50", "1.5"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("3.141592653589793", "3.141592653589793"),
            ("6.02e23", "6.02e+23"),
            ("1e300", "1e+300"),
        ] {
            assert_eq!(exact_number(text).map(|number| number.to_string()).as_deref(), Some(kept), "{text}");
        }
        for text in [
            "18446744073709551616",
            "12345678901234567890.5",
            "9007199254740993.0",
            "0.1234567890123456789",
            "1e400",
            "4e-324",
            "1e-400",
            "inf",
            "nan",
            "x",
            "",
            "1e99999999999999999999",
        ] {
            assert_eq!(exact_number(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_as_decimals() {
        for (one, other) in [("7", "7.0"), ("1e3", "1000"), ("-0", "0.00"), ("0.10e1", "1"), ("+1", "1")] {
            assert!(is_same_number(one, other), "{one} {other}");
        }
        for (one, other) in [("1", "-1"), ("0.1", "0.10000000000000001"), ("x", "x"), ("1", "10"), ("1", "")]
        {
            assert!(!is_same_number(one, other), "{one} {other}");
        }
    }
}
