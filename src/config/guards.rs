//! Guards of an environment (`[environments.X.guards]`), parsed and validated.

use std::time::Duration;

use jiff::{civil::Time, tz::TimeZone};

use super::{
    expand::Expander,
    origin::Value,
    raw::{
        guards::{DenyTable, GuardsTable, IdentityTable, WindowTable},
        layer::Keys,
        parsed_text::{Days, PatternTemplate, TimeOfDay, WEEK},
    },
};
use crate::{diagnostic::Diagnostic, model::AddressPattern};

/// Guards of an environment: rules that its plans must satisfy, even if the user confirms them.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// Git branches: HEAD must be one of them, or contained in the remote head of one of them; empty allows any HEAD.
    pub branch: Vec<String>,
    /// True if HEAD must not be behind its remote branch.
    pub up_to_date: bool,
    /// True if the files of the stacks must not have uncommitted changes.
    pub clean_tree: bool,
    /// Highest number of resources that a run may delete, replace and forget.
    pub max_deletes: Option<u64>,
    /// Highest number of changed resources and invoked actions of a run.
    pub max_changes: Option<u64>,
    /// Resources that are never deleted, replaced or forgotten.
    pub protect: Vec<AddressPattern>,
    /// Rules that deny actions on some resources.
    pub deny_actions: Vec<DenyRule>,
    /// Identity that the engines must act as.
    pub identity: Option<IdentityGuard>,
    /// Times in which changes are allowed; empty if changes are always allowed.
    pub window: Vec<Window>,
    /// Highest age of a plan when it is applied.
    pub max_plan_age: Option<Duration>,
}

/// Rule that denies actions on the resources that match a pattern.
#[derive(Debug, Clone)]
pub struct DenyRule {
    /// Pattern of the resources.
    pub pattern: AddressPattern,
    /// Denied actions, in the words of environments.toml: `"delete"`.
    pub actions: Vec<&'static str>,
}

/// Command whose output is the identity that the engines act as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityGuard {
    /// Command, run in the folder of environments.toml.
    pub command: Vec<String>,
    /// Glob that the output of the command must match.
    pub matches: String,
}

/// Window of time in which changes are allowed; a window whose end is not after its begin passes midnight.
#[derive(Debug, Clone)]
pub struct Window {
    /// Weekdays on which the window begins, from Monday.
    pub days: [bool; 7],
    /// Begin of the window.
    pub from: Time,
    /// End of the window.
    pub to: Time,
    /// Time zone of `from` and `to`.
    pub timezone: TimeZone,
    /// Window as text for messages: `mon-thu 09:00-16:00 Europe/Berlin`.
    pub text: String,
}

impl Guards {
    /// Returns true if a guard is set that judges the changes or the age of plans.
    pub fn have_plan_rules(&self) -> bool {
        self.have_loss_rules() || self.max_plan_age.is_some()
    }

    /// Returns true if a guard is set that judges deletions, replacements and forgets.
    pub fn have_loss_rules(&self) -> bool {
        !self.protect.is_empty() || self.have_loss_limits()
    }

    /// Returns true if a guard is set that limits losses also of resources that `protect` does not match.
    pub fn have_loss_limits(&self) -> bool {
        !self.deny_actions.is_empty() || self.max_deletes.is_some() || self.max_changes.is_some()
    }

    /// Returns the guards that are set, each as its key in environments.toml and its value.
    pub fn names_and_values(&self) -> Vec<(&'static str, serde_json::Value)> {
        let texts =
            |list: &[AddressPattern]| -> Vec<String> { list.iter().map(ToString::to_string).collect() };
        let denied =
            self.deny_actions.iter().map(|rule| format!("{} of {}", rule.actions.join(", "), rule.pattern));
        let windows = self.window.iter().map(|window| window.text.clone());
        let all: [(&'static str, serde_json::Value); 10] = [
            ("branch", self.branch.clone().into()),
            ("up_to_date", self.up_to_date.into()),
            ("clean_tree", self.clean_tree.into()),
            ("max_deletes", self.max_deletes.into()),
            ("max_changes", self.max_changes.into()),
            ("protect", texts(&self.protect).into()),
            ("deny_actions", denied.collect::<Vec<_>>().into()),
            ("identity", self.identity.as_ref().map(|guard| guard.matches.clone()).into()),
            ("window", windows.collect::<Vec<_>>().into()),
            ("max_plan_age", self.max_plan_age.map(|age| format!("{}s", age.as_secs())).into()),
        ];
        let is_set = |value: &serde_json::Value| match value {
            serde_json::Value::Array(items) => !items.is_empty(),
            other => !other.is_null() && *other != serde_json::Value::Bool(false),
        };
        all.into_iter().filter(|(_, value)| is_set(value)).collect()
    }

    /// Returns true if a guard is set that needs the state of the git repository.
    pub fn need_git(&self) -> bool {
        !self.branch.is_empty() || self.up_to_date || self.clean_tree
    }
}

/// Converts the guards of an environment; errors are collected in the expander.
pub(crate) fn guards(keys: &Keys, expander: &mut Expander<'_>) -> Guards {
    let Some(table) = &keys.guards else { return Guards::default() };
    let GuardsTable { branch, up_to_date, clean_tree, max_deletes, max_changes, .. } = table.as_ref();
    let yes = |flag: &Option<Value<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
    let number = |number: &Option<Value<u64>>| number.as_ref().map(|number| number.value);
    let branches = branch.iter().flat_map(|list| &list.value);
    let rules = table.deny_actions.iter().flat_map(|list| &list.value);
    let protect = table.protect.iter().flat_map(|list| &list.value);
    Guards {
        branch: branches.filter_map(|name| expander.expand(name)).collect(),
        up_to_date: yes(up_to_date),
        clean_tree: yes(clean_tree),
        max_deletes: number(max_deletes),
        max_changes: number(max_changes),
        protect: protect.filter_map(|template| pattern(template, expander)).collect(),
        deny_actions: rules.filter_map(|rule| deny_rule(rule, expander)).collect(),
        identity: table.identity.as_ref().and_then(|table| identity(table, expander)),
        window: table.window.iter().flat_map(|list| windows(list, expander)).collect(),
        max_plan_age: table.max_plan_age.as_ref().map(|age| age.value.0),
    }
}

fn deny_rule(rule: &DenyTable, expander: &mut Expander<'_>) -> Option<DenyRule> {
    let pattern = pattern(rule.r#match.as_ref()?, expander)?;
    Some(DenyRule { pattern, actions: rule.actions.iter().map(|action| action.0).collect() })
}

fn identity(table: &IdentityTable, expander: &mut Expander<'_>) -> Option<IdentityGuard> {
    let words = &table.command.as_ref()?.value.0;
    Some(IdentityGuard {
        command: words.iter().filter_map(|word| expander.expand(word)).collect(),
        matches: expander.expand(&table.matches.as_ref()?.value)?,
    })
}

/// Expands and parses an address pattern; a template may have made it invalid.
fn pattern(template: &PatternTemplate, expander: &mut Expander<'_>) -> Option<AddressPattern> {
    let text = expander.expand(&template.0)?;
    match text.parse() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("`{text}` is no address pattern: {error}");
            expander.report(Diagnostic::error("config::address-pattern", message), &template.0.span);
            None
        }
    }
}

fn windows(list: &Value<Vec<WindowTable>>, expander: &mut Expander<'_>) -> Vec<Window> {
    let mut found = Vec::new();
    for table in &list.value {
        let (Some(from), Some(to)) = (&table.from, &table.to) else { continue };
        let zone = table.timezone.as_ref().map_or("UTC", |zone| zone.0.as_str());
        let timezone = if zone == "UTC" { Ok(TimeZone::UTC) } else { TimeZone::get(zone) };
        match (parse_time(from), parse_time(to), timezone) {
            (Some(start), Some(end), Ok(timezone)) => found.push(Window {
                days: weekdays(&table.days),
                from: start,
                to: end,
                timezone,
                text: window_text(table, from, to, zone),
            }),
            (_, _, Err(_)) => {
                let message = format!("the time zone `{zone}` is not known on this machine");
                let problem = Diagnostic::error("config::timezone", message)
                    .help("install the system's time zone database (`tzdata`)");
                expander.report(problem, &list.origin.span.clone().unwrap_or_default());
            }
            // Invalid times of the day were reported when the file was read.
            _ => {}
        }
    }
    found
}

fn parse_time(text: &TimeOfDay) -> Option<Time> {
    let (hour, minute) = text.0.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn weekdays(written: &[Days]) -> [bool; 7] {
    let index_in_week = |name: &str| WEEK.iter().position(|known| *known == name);
    let mut set = [written.is_empty(); 7];
    for item in written {
        let (start, last) = item.0.split_once('-').unwrap_or((&item.0, &item.0));
        let (Some(mut at), Some(end)) = (index_in_week(start), index_in_week(last)) else { continue };
        set[at] = true;
        while at != end {
            at = (at + 1) % 7;
            set[at] = true;
        }
    }
    set
}

fn window_text(table: &WindowTable, from: &TimeOfDay, to: &TimeOfDay, zone: &str) -> String {
    let days: Vec<&str> = table.days.iter().map(|days| days.0.as_str()).collect();
    let days = if days.is_empty() { String::new() } else { format!("{} ", days.join(", ")) };
    format!("{days}{}-{} {zone}", from.0, to.0)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Environment, Overrides};

    fn environment(guards: &str) -> Result<Environment, String> {
        let text = format!(
            "[project]\nname = \"shop\"\n[environments.dev]\nprefix = \"d\"\n[environments.dev.guards]\n{guards}\n"
        );
        let (config, _) = Config::from_text("environments.toml".into(), text, &Overrides::default())
            .map_err(|error| error.to_string())?;
        Ok(config.environment("dev").unwrap().clone())
    }

    #[test]
    fn templates_are_expanded_with_the_names_of_the_environment() {
        let guards = environment(
            "branch = [\"{env}\", \"main\"]\nprotect = [\"aws_x.{prefix}-*\"]\n\
             identity = { command = [\"who\", \"{project}\"], matches = \"{env}*\" }",
        )
        .unwrap()
        .guards;
        assert_eq!(guards.branch, ["dev", "main"]);
        assert!(guards.protect[0].matches("aws_x.d-1"));
        let identity = guards.identity.unwrap();
        assert_eq!(
            (identity.command, identity.matches.as_str()),
            (vec!["who".into(), "shop".into()], "dev*")
        );
    }

    #[test]
    fn a_name_that_only_a_stack_has_is_an_error_where_it_stands() {
        for guard in ["branch = [\"{stack}\"]", "protect = [\"aws_x.{region}\"]"] {
            let error = environment(guard).unwrap_err();
            assert!(error.contains("environments.toml:6:"), "{error}");
            assert!(error.contains("unknown template name `{"), "{error}");
        }
    }

    #[test]
    fn days_go_round_the_week_and_none_means_all() {
        let days = |text: &str| {
            let guards = format!("window = [{{ {text} from = \"22:00\", to = \"02:00\" }}]");
            environment(&guards).unwrap().guards.window[0].days
        };
        assert_eq!(days(""), [true; 7]);
        assert_eq!(days("days = [\"sat\"],"), [false, false, false, false, false, true, false]);
        assert_eq!(days("days = [\"sat-mon\", \"wed\"],"), [true, false, true, false, false, true, true]);
    }
}
