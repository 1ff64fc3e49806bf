//! Texts with a syntax of their own: address patterns, times of the day, days, time zones, cron schedules.

use super::{
    field::{KeyPath, TomlValue, Visited, Visitor},
    reader::{TomlNode, TomlReader},
    template::Template,
    value_schema::value_schema,
};
use crate::model::AddressPattern;

/// Declares a type for a text whose syntax is checked when it is read, and which is kept as written.
macro_rules! checked_text {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $check:path, $help:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) String);

        impl TomlValue for $name {
            fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
                let text = reader.string(node)?;
                match $check(text) {
                    Ok(()) => Some(Self(text.to_owned())),
                    Err(reason) => {
                        reader.report_invalid($code, node.span(), reason, $help);
                        None
                    }
                }
            }
        }

        value_schema!(inline $name, stringify!($name), { "type": "string" });
    )*};
}

checked_text! {
    /// Time of the day: `09:00`.
    TimeOfDay, "config::time", check_time, "hours and minutes, as \"09:00\" or \"16:30\"";
    /// Day of the week or range of days: `mon-thu`.
    Days, "config::days", check_days, "a day or a range, as \"sat\" or \"mon-thu\"";
    /// Time zone of the IANA database: `Europe/Berlin`.
    ZoneName, "config::timezone", check_zone, "a name of the IANA database, as \"Europe/Berlin\" or \"UTC\"";
    /// Cron schedule of five fields: `0 5 * * *`.
    Cron, "config::cron", check_cron, "minute, hour, day, month and weekday, as \"0 5 * * *\"";
    /// Change that the plan after an import may contain: `update:**.tags`.
    Acceptance, "config::accept", check_acceptance, "ACTION:ADDRESS.ATTRIBUTE, as \"update:**.tags\"";
}

/// Weekdays in their order.
pub(crate) const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Actions on resources that rules can name.
pub(crate) const ACTIONS: [&str; 7] = ["create", "update", "replace", "delete", "forget", "read", "invoke"];

fn check_time(text: &str) -> Result<(), String> {
    let valid = text.split_once(':').is_some_and(|(hour, minute)| {
        let number = |part: &str, limit: u8| {
            part.len() == 2
                && part.bytes().all(|b| b.is_ascii_digit())
                && part.parse::<u8>().is_ok_and(|n| n < limit)
        };
        number(hour, 24) && number(minute, 60)
    });
    if valid { Ok(()) } else { Err("no time of the day".to_owned()) }
}

fn check_days(text: &str) -> Result<(), String> {
    text.splitn(2, '-').try_for_each(|day| {
        if WEEK.contains(&day) { Ok(()) } else { Err(format!("`{day}` is none of {}", WEEK.join(", "))) }
    })
}

fn check_zone(text: &str) -> Result<(), String> {
    let database = jiff::tz::db();
    if text == "UTC" || database.is_definitively_empty() || database.get(text).is_ok() {
        Ok(())
    } else {
        Err("no such time zone".to_owned())
    }
}

fn check_cron(text: &str) -> Result<(), String> {
    const LIMITS: [(u8, u8); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    let fields: Vec<_> = text.split_whitespace().collect();
    if fields.len() != LIMITS.len() {
        return Err(format!("{} fields, not five", fields.len()));
    }
    for (field, (low, high)) in fields.iter().zip(LIMITS) {
        let number =
            |part: &str| part.parse::<u8>().is_ok_and(|n| (low..=high).contains(&n)) || is_cron_name(part);
        let valid = field.split(',').all(|item| {
            let (range, step) =
                item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
            let range_valid = range == "*"
                || range
                    .split_once('-')
                    .map_or_else(|| number(range), |(from, to)| number(from) && number(to));
            range_valid && step.is_none_or(|step| step.parse::<u8>().is_ok_and(|n| n > 0))
        });
        if !valid {
            return Err(format!("`{field}` is not a field from {low} to {high}"));
        }
    }
    Ok(())
}

fn is_cron_name(part: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let part = part.to_ascii_lowercase();
    WEEK.contains(&part.as_str()) || MONTHS.contains(&part.as_str())
}

/// Validates a path into a JSON document: `$.status`, `$.items[0].id`.
pub(crate) fn check_json_path(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix('$').ok_or_else(|| "does not start with `$`".to_owned())?;
    let mut rest = rest;
    while !rest.is_empty() {
        let step = if let Some(key) = rest.strip_prefix('.') {
            1 + key.find(['.', '[']).unwrap_or(key.len())
        } else if rest.starts_with('[') {
            let end = rest.find(']').ok_or_else(|| "`[` is not closed".to_owned())?;
            if rest[1..end].parse::<usize>().is_err() {
                return Err(format!("`{}` is no index", &rest[1..end]));
            }
            end + 1
        } else {
            return Err(format!("`{rest}` is neither `.key` nor `[index]`"));
        };
        if step == 1 {
            return Err("a key is empty".to_owned());
        }
        rest = &rest[step..];
    }
    Ok(())
}

fn check_acceptance(text: &str) -> Result<(), String> {
    let (action, pattern) = text.split_once(':').ok_or_else(|| "no `:` after an action".to_owned())?;
    if action != "*" && !ACTIONS.contains(&action) {
        return Err(format!("`{action}` is none of {}", ACTIONS.join(", ")));
    }
    if pattern.contains(['{', '}']) {
        return Ok(());
    }
    pattern.parse::<AddressPattern>().map(|_| ()).map_err(|error| error.to_string())
}

/// Pattern of resource addresses that may contain templates.
#[derive(Debug, Clone)]
pub(crate) struct PatternTemplate(pub(crate) Template);

impl TomlValue for PatternTemplate {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let template = Template::read(node, reader)?;
        let stand_in = template.expand(&mut |_, _, out| {
            out.push('x');
            true
        });
        if let Err(error) = stand_in.unwrap_or_default().parse::<AddressPattern>() {
            let help = "as \"aws_db_instance.*\" (in every module) or \"module.database.**\" (from the root)";
            reader.report_invalid("config::address-pattern", node.span(), error.to_string(), help);
            return None;
        }
        Some(Self(template))
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        visitor(Visited::Template(&self.0));
    }
}

value_schema!(inline PatternTemplate, "AddressPattern", { "type": "string" });

#[cfg(test)]
mod tests {
    use super::*;

    fn all(check: fn(&str) -> Result<(), String>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in bad {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_has_hours_and_minutes() {
        all(check_time, &["00:00", "23:59"], &["", "9:00", "24:00", "12:60", "12", "12:0a", "+1:00"]);
    }

    #[test]
    fn days_are_three_letters_or_a_range() {
        all(check_days, &["mon", "mon-thu", "fri-mon"], &["", "monday", "mon-", "mon-thu-fri", "Mon"]);
    }

    #[test]
    fn a_zone_is_known() {
        all(check_zone, &["UTC"], &[]);
    }

    #[test]
    fn a_schedule_has_five_fields_within_limits() {
        all(
            check_cron,
            &["0 5 * * *", "*/15 0-5 1,15 * mon-fri", "30 5 * jan 0"],
            &[
                "",
                "0 5 * *",
                "60 5 * * *",
                "0 24 * * *",
                "0 5 0 * *",
                "0 5 * * 8",
                "x 5 * * *",
                "*/0 5 * * *",
            ],
        );
    }

    #[test]
    fn a_json_path_descends_by_keys_and_indices() {
        all(
            check_json_path,
            &["$", "$.a", "$.a.b[0].c", "$[1]"],
            &["", "a", "$a", "$.", "$.a[x]", "$.a[0", "$..a"],
        );
    }

    #[test]
    fn an_acceptance_names_an_action_and_a_pattern() {
        all(check_acceptance, &["update:**.tags", "*:aws_x.y"], &["**.tags", "change:**.tags", "update:"]);
    }
}
