//! Guards over a command that makes no plan: what they would have judged in one is refused.

use super::{Allowances, Rules};
use crate::model::{Allow, Block, ResourceAddress};

/// What refuses a command that may change everything.
pub fn without_plan(verb: &str, rules: Rules<'_>) -> Option<Block> {
    let message = format!("`{verb}` typed by hand makes no plan that the environment's guards could judge");
    rules.guards.judge_plans().then(|| Block::new("plan", message))
}

/// What refuses a command that changes the state of what these words name, where they name resources or modules.
pub fn of_named(words: &[String], rules: Rules<'_>, allowed: &Allowances) -> Vec<Block> {
    let mut found = Vec::new();
    for word in words {
        let guarding = rules.guards.protect.iter().find(|p| p.matches(word) || p.may_match_within(word));
        let (Some(pattern), Ok(address)) = (guarding, word.parse::<ResourceAddress>()) else { continue };
        if !allowed.take_loss(&address) {
            let message = format!("`{address}` is protected by `{pattern}`, or may hold what is");
            let allow = Some(Allow::Delete(address.clone()).to_string());
            found.push(Block { address: Some(address), allow, ..Block::new("protect", message) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Guards;

    fn judged(words: &[&str], allow: &[&str]) -> Vec<Option<String>> {
        let guards = Guards { protect: vec!["aws_db.*".parse().unwrap()], ..Guards::default() };
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let allows: Vec<Allow> = allow.iter().map(|text| text.parse().unwrap()).collect();
        let rules = Rules { guards: &guards, confirm: false };
        of_named(&words, rules, &Allowances::new(&allows)).into_iter().map(|block| block.allow).collect()
    }

    #[test]
    fn a_protected_resource_and_a_module_that_may_hold_one_are_not_named_without_an_exception() {
        let named = |text: &str| Some(format!("delete:{text}"));
        assert_eq!(judged(&["rm", "aws_db.main[0]"], &[]), [named("aws_db.main[0]")]);
        assert_eq!(judged(&["mv", "module.a", "module.b"], &[]), [named("module.a"), named("module.b")]);
        assert_eq!(judged(&["rm", "aws_vm.main"], &[]), []);
        assert_eq!(judged(&["rm", "aws_db.main"], &["delete:aws_db.main"]), []);
        assert_eq!(judged(&["rm", "aws_db.main"], &["delete:aws_db.other"]).len(), 1);
    }

    #[test]
    fn only_guards_that_judge_plans_need_one() {
        let (none, limited) = (Guards::default(), Guards { max_changes: Some(9), ..Guards::default() });
        assert_eq!(without_plan("apply", Rules { guards: &none, confirm: true }), None);
        let block = without_plan("apply", Rules { guards: &limited, confirm: false }).unwrap();
        assert_eq!((block.guard.as_str(), block.allow), ("plan", None));
    }
}
