//! Guards over `exec` commands that make no plan: refuses what the guards could only judge in a plan.

use std::collections::BTreeSet;

use super::{
    Allowances, Rules, Tally,
    limits::{proposed_exceptions, refuse_tally},
    resources,
};
use crate::{
    engine::Intent,
    model::{
        Action, Block, Guard, GuardException, NamedResource, ResourceAddress, ResourceChange, StackId,
        is_canonical_address,
    },
};

/// Returns the refusals of an `exec` command that are known before its engine runs.
pub fn refuse_typed_command(
    stack: &StackId,
    typed: &Intent,
    rules: Rules<'_>,
    allowed: &Allowances,
) -> Vec<Block> {
    let judged = rules.guards.have_plan_rules();
    match typed {
        Intent::Everything { verb, .. } if judged => {
            let message =
                format!("`{verb}` typed by hand makes no plan that the environment's guards could judge");
            vec![Block::new(Guard::Plan, message)]
        }
        Intent::PlanFile { .. } if judged || rules.confirm => {
            let message =
                "here a plan is applied by its run alone, after a review and with everything checked again";
            vec![Block::new(Guard::PlanFile, message)]
        }
        Intent::Unclassified { command, hint } if judged || rules.confirm => {
            vec![Block::new(Guard::Exec, format!("{command} cannot be judged: {hint}"))]
        }
        Intent::OutOfScope { reason, hint } => vec![Block::new(Guard::Exec, format!("{reason}: {hint}"))],
        Intent::Named { addresses, forgets } => {
            refuse_named_resources(stack, addresses, *forgets, rules, allowed)
        }
        _ => Vec::new(),
    }
}

/// Returns the refusals of a command that changes the state of named resources and modules.
fn refuse_named_resources(
    stack: &StackId,
    words: &[String],
    forgets: bool,
    rules: Rules<'_>,
    allowed: &Allowances,
) -> Vec<Block> {
    let judged = !rules.guards.protect.is_empty() || (forgets && rules.guards.have_loss_rules());
    if !judged {
        return Vec::new();
    }
    let mut found = Vec::new();
    for word in words {
        let Some(address) = word.parse::<ResourceAddress>().ok().filter(|_| is_canonical_address(word))
        else {
            let message = format!(
                "`{}` cannot be judged: `state list` shows how addresses are written",
                word.escape_debug()
            );
            found.push(Block::new(Guard::Address, message));
            continue;
        };
        let guarding = rules.guards.protect.iter().find(|p| p.matches(word) || p.may_match_within(word));
        if let Some(pattern) = guarding
            && !allowed.take_loss(stack, &address)
        {
            let message = format!("`{address}` is protected by `{pattern}`, or may hold what is");
            let allow = Some(GuardException::Delete(NamedResource::of_stack(stack, &address)).to_string());
            found.push(Block { address: Some(address), allow, ..Block::new(Guard::Protect, message) });
        }
    }
    found
}

/// Returns the addresses whose loss no exception allows.
pub fn addresses_without_exception(
    stack: &StackId,
    addresses: &[String],
    allowed: &Allowances,
) -> Vec<String> {
    let is_named = |text: &&String| text.parse().is_ok_and(|address| allowed.take_loss(stack, &address));
    addresses.iter().filter(|text| !is_named(text)).cloned().collect()
}

/// Returns the resources of a state at these addresses or inside them: `module.a` holds `module.a.b.c`.
pub fn resources_at(addresses: &[String], state: &BTreeSet<ResourceAddress>) -> Vec<ResourceAddress> {
    let names = |holder: &str, address: &str| {
        address.strip_prefix(holder).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    state.iter().filter(|found| addresses.iter().any(|a| names(a, found.as_str()))).cloned().collect()
}

/// Returns the refusals for resources that a command removes from a state, and the tally with their number
/// added to `before`.
pub fn refuse_removals(
    stack: &StackId,
    lost: &[ResourceAddress],
    rules: Rules<'_>,
    before: Tally,
    allowed: &Allowances,
) -> (Vec<Block>, Tally) {
    let mut tally = before;
    let mut found = Vec::new();
    for address in lost {
        let forgotten = ResourceChange::new(address.clone(), Action::Forget);
        found.extend(resources::refuse_change(stack, &forgotten, rules, allowed));
        tally.changes += 1;
        if rules.guards.max_deletes.is_some() {
            tally.deletes += u64::from(!allowed.take_loss(stack, address));
        }
    }
    if !lost.is_empty() {
        let proposed = proposed_exceptions(&found);
        let named = allowed.with(&proposed);
        let unnamed = lost.iter().filter(|address| !named.take_loss(stack, address)).count() as u64;
        let with_proposed = Tally { deletes: before.deletes + unnamed, ..tally };
        found.extend(refuse_tally(tally, with_proposed, &proposed, rules, allowed));
    }
    (found, tally)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Guards;

    fn app() -> StackId {
        "app".parse().unwrap()
    }

    fn allowances(allow: &[&str]) -> Allowances {
        Allowances::new(&allow.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>())
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn judged(words: &[&str], allow: &[&str]) -> Vec<(String, Option<String>)> {
        let guards = Guards { protect: vec!["aws_db.*".parse().unwrap()], ..Guards::default() };
        let rules = Rules { guards: &guards, confirm: false };
        let typed = Intent::Named { addresses: texts(words), forgets: false };
        let blocks = refuse_typed_command(&app(), &typed, rules, &allowances(allow));
        blocks.into_iter().map(|block| (block.guard.to_string(), block.allow)).collect()
    }

    #[test]
    fn a_protected_address_and_its_modules_need_an_exception() {
        let named = |text: &str| ("protect".to_owned(), Some(format!("delete:app/{text}")));
        assert_eq!(judged(&["aws_db.main[0]"], &[]), [named("aws_db.main[0]")]);
        assert_eq!(judged(&["module.a", "module.b"], &[]), [named("module.a"), named("module.b")]);
        assert_eq!(judged(&["aws_vm.main"], &[]), []);
        assert_eq!(judged(&["aws_db.main"], &["delete:app/aws_db.main"]), []);
        assert_eq!(judged(&["aws_db.main"], &["delete:app/aws_db.other"]).len(), 1);
    }

    #[test]
    fn an_address_in_another_form_is_refused_whatever_is_allowed() {
        for word in ["aws_db . main", "aws_vm . main", "aws_db.main # mine", "aws_db.main[\"\\u0061\"]"] {
            let allow = format!("delete:app/{word}");
            assert_eq!(judged(&[word], &[&allow]), [("address".to_owned(), None)], "{word}");
            let typed = Intent::Named { addresses: texts(&[word]), forgets: true };
            let free = Rules { guards: &Guards::default(), confirm: true };
            assert_eq!(refuse_typed_command(&app(), &typed, free, &Allowances::default()), []);
            let limited = Guards { max_deletes: Some(0), ..Guards::default() };
            let limited = Rules { guards: &limited, confirm: false };
            assert_eq!(refuse_typed_command(&app(), &typed, limited, &Allowances::default()).len(), 1);
        }
    }

    #[test]
    fn a_command_that_cannot_be_judged_is_refused_under_guards() {
        let verb = |word: &str| Intent::Everything { verb: word.to_owned(), creates_resources: true };
        let unjudged = || Intent::Unclassified { command: "`init -migrate-state`".to_owned(), hint: "y" };
        let astray = || Intent::OutOfScope { reason: "x".to_owned(), hint: "y" };
        let plan = || Intent::PlanFile { file: "p".into() };
        let limited = Guards { max_changes: Some(9), ..Guards::default() };
        for (typed, free, confirm, guarded) in [
            (verb("apply"), None, None, Some("plan")),
            (plan(), None, Some("plan_file"), Some("plan_file")),
            (unjudged(), None, Some("exec"), Some("exec")),
            (astray(), Some("exec"), Some("exec"), Some("exec")),
            (Intent::Harmless, None, None, None),
        ] {
            let guard = |guards: &Guards, confirm| {
                let blocks =
                    refuse_typed_command(&app(), &typed, Rules { guards, confirm }, &Allowances::default());
                assert!(blocks.iter().all(|block| block.allow.is_none()), "{blocks:?}");
                blocks.into_iter().next().map(|block| block.guard.to_string())
            };
            assert_eq!(guard(&Guards::default(), false).as_deref(), free, "{typed:?}");
            assert_eq!(guard(&Guards::default(), true).as_deref(), confirm, "{typed:?}");
            assert_eq!(guard(&limited, false).as_deref(), guarded, "{typed:?}");
        }
    }

    #[test]
    fn resources_removed_from_a_state_are_judged_as_forgotten() {
        let lost: Vec<ResourceAddress> = ["aws_db.main", "aws_vm.a"].map(|text| text.parse().unwrap()).into();
        let guards =
            Guards { protect: vec!["aws_db.*".parse().unwrap()], max_deletes: Some(1), ..Guards::default() };
        let judged = |before: Tally, allow: &[&str]| {
            let rules = Rules { guards: &guards, confirm: false };
            let (blocks, tally) = refuse_removals(&app(), &lost, rules, before, &allowances(allow));
            (blocks.into_iter().filter_map(|block| block.allow).collect::<Vec<_>>(), tally.deletes)
        };
        let none = Tally::default();
        let named = "delete:app/aws_db.main";
        assert_eq!(judged(none, &[]), (texts(&[named, named]), 2), "the other one is within the limit");
        assert_eq!(judged(none, &["delete:app/aws_db.main"]), (vec![], 1));
        let before = Tally { deletes: 1, changes: 1 };
        assert_eq!(judged(before, &[]), (texts(&[named, "deletes=2"]), 3));
        assert_eq!(judged(before, &["delete:app/aws_db.main"]), (texts(&["deletes=2"]), 2));
    }

    #[test]
    fn an_address_covers_the_resources_inside_it() {
        let state: BTreeSet<ResourceAddress> =
            ["a.b", "a.bc", "module.m.a.b", "module.m[0].a.b", "module.mm.a.b", "x.y[0]", "x.y[1]"]
                .map(|text| text.parse().unwrap())
                .into();
        for (word, found) in [
            ("a.b", &["a.b"] as &[&str]),
            ("module.m", &["module.m.a.b", "module.m[0].a.b"]),
            ("x.y", &["x.y[0]", "x.y[1]"]),
            ("x.y[1]", &["x.y[1]"]),
        ] {
            let lost = resources_at(&texts(&[word]), &state);
            assert_eq!(lost.iter().map(ResourceAddress::as_str).collect::<Vec<_>>(), found, "{word}");
        }
        let some =
            addresses_without_exception(&app(), &texts(&["a.b", "x.y"]), &allowances(&["delete:app/x.y"]));
        assert_eq!(some, ["a.b"]);
    }
}
