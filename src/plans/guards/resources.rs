//! Guards over single changes: `protect`, `deny_actions`, and actions unknown to envctl.

use super::{Allowances, LossKind, Rules, losses, rules::refusal};
use crate::{
    config::Guards,
    model::{
        Action, ActionInvocation, Block, Guard, GuardException, NamedResource, ResourceAddress,
        ResourceChange, StackId,
    },
};

/// Returns the refusals of a change, one per guard; a move out of protection is refused separately.
pub(super) fn refuse_change(
    stack: &StackId,
    change: &ResourceChange,
    rules: Rules<'_>,
    allowed: &Allowances,
) -> Vec<Block> {
    let lost = change.action.is_destructive();
    let address = &change.address;
    let mut found: Vec<(Guard, String, &ResourceAddress)> = Vec::new();
    if lost
        && let Some(pattern) =
            rules.guards.protect.iter().find(|pattern| any_address(change, |a| pattern.matches(a)))
    {
        found.push((Guard::Protect, format!("{} is protected by `{pattern}`", change_text(change)), address));
    }
    let denied = rules.guards.deny_actions.iter().find_map(|rule| {
        let words = deny_words(change.action);
        let word = words.iter().find(|word| rule.actions.contains(word))?;
        any_address(change, |address| rule.pattern.matches(address)).then_some((rule, *word))
    });
    if let Some((rule, word)) = denied {
        found.push((
            Guard::DenyActions,
            format!("{}: `{word}` is denied for `{}`", change_text(change), rule.pattern),
            address,
        ));
    }
    if rules.confirm && change.action == Action::Unknown {
        found.push((
            Guard::UnknownAction,
            format!("{}: envctl does not know what the engine would do", change_text(change)),
            address,
        ));
    }
    let is_taken = |address: &ResourceAddress| {
        if lost { allowed.take_loss(stack, address) } else { allowed.take_change(stack, address) }
    };
    found.retain(|(_, _, address)| !is_taken(address));
    let allow = if lost { GuardException::Delete } else { GuardException::Change };
    let mut blocks: Vec<Block> = found
        .into_iter()
        .map(|(guard, message, address)| resource_refusal(guard, message, stack, address, allow))
        .collect();
    for loss in losses(change, rules.guards) {
        if let LossKind::MoveOutOfProtection { to } = loss.kind
            && !allowed.take_loss(stack, loss.address)
        {
            let (guard, message) = lost_protection(loss.address, to, rules.guards);
            blocks.push(resource_refusal(guard, message, stack, loss.address, GuardException::Delete));
        }
    }
    blocks
}

/// Word of `deny_actions` for the invocation of a provider action.
const INVOKE: &str = "invoke";

/// Returns the refusals of a provider action that a stack would invoke, one per guard. A protected address is
/// not invoked at all, because a plan does not show what an action does.
pub(super) fn refuse_action(
    stack: &StackId,
    action: &ActionInvocation,
    rules: Rules<'_>,
    allowed: &Allowances,
) -> Vec<Block> {
    let address = action.address.as_str();
    let guards = rules.guards;
    let protecting = guards.protect.iter().find(|pattern| pattern.matches(address));
    let denying = guards
        .deny_actions
        .iter()
        .find(|rule| rule.actions.contains(&INVOKE) && rule.pattern.matches(address));
    let mut found = Vec::new();
    if let Some(pattern) = protecting {
        found.push((Guard::Protect, format!("invocation of `{action}`: it is protected by `{pattern}`")));
    }
    if let Some(rule) = denying {
        let message = format!("invocation of `{action}`: `{INVOKE}` is denied for `{}`", rule.pattern);
        found.push((Guard::DenyActions, message));
    }
    if found.is_empty() || allowed.take_change(stack, &action.address) {
        return Vec::new();
    }
    let block =
        |(guard, message)| resource_refusal(guard, message, stack, &action.address, GuardException::Change);
    found.into_iter().map(block).collect()
}

/// Returns the refusal of a change of one resource, with the exception that would allow it.
fn resource_refusal(
    guard: Guard,
    message: String,
    stack: &StackId,
    address: &ResourceAddress,
    allow: fn(NamedResource) -> GuardException,
) -> Block {
    let allow = allow(NamedResource::of_stack(stack, address));
    Block { address: Some(address.clone()), ..refusal(guard, message, &allow) }
}

/// Returns the guard whose protection a moved resource would lose, with the message of the refusal.
fn lost_protection(from: &ResourceAddress, to: &ResourceAddress, guards: &Guards) -> (Guard, String) {
    let protecting = guards.protect.iter().find(|pattern| pattern.matches(from.as_str()));
    if let Some(pattern) = protecting {
        let message =
            format!("`{from}` is protected by `{pattern}` and would be moved to `{to}`, which is not");
        return (Guard::Protect, message);
    }
    (
        Guard::DenyActions,
        format!("`{from}` would be moved to `{to}`, where it may be lost by what is denied for it now"),
    )
}

/// Returns true if the present or the previous address of a resource matches.
fn any_address(change: &ResourceChange, matches: impl Fn(&str) -> bool) -> bool {
    matches(change.address.as_str())
        || change.previous_address.as_ref().is_some_and(|address| matches(address.as_str()))
}

/// Returns the words of `deny_actions` that cover an action.
fn deny_words(action: Action) -> &'static [&'static str] {
    match action {
        Action::NoOp => &[],
        Action::Read => &["read"],
        Action::Create => &["create"],
        Action::Update => &["update"],
        Action::Replace(_) => &["replace", "delete"],
        Action::Delete => &["delete"],
        Action::Forget => &["forget"],
        Action::ForgetAndCreate => &["forget", "create"],
        Action::Unknown => &["delete", "replace", "forget", "update", "create", "read"],
    }
}

fn change_text(change: &ResourceChange) -> String {
    let deposed = change.deposed.as_ref().map_or(String::new(), |key| format!(" (deposed object {key})"));
    let from = change.previous_address.as_ref().map_or(String::new(), |from| format!(" (was {from})"));
    format!("{} of `{}`{deposed}{from}", change.action.as_str(), change.address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{DenyRule, Guards},
        model::ReplaceOrder,
    };

    const ALL: [Action; 9] = [
        Action::NoOp,
        Action::Read,
        Action::Create,
        Action::Update,
        Action::Replace(ReplaceOrder::CreateFirst),
        Action::Delete,
        Action::Forget,
        Action::ForgetAndCreate,
        Action::Unknown,
    ];

    fn change(action: Action) -> ResourceChange {
        ResourceChange::new("aws_db.main[0]".parse().unwrap(), action)
    }

    fn judged(change: &ResourceChange, guards: &Guards, confirm: bool, allow: &[&str]) -> Vec<String> {
        let allows: Vec<GuardException> = allow.iter().map(|text| text.parse().unwrap()).collect();
        let (app, rules) = ("app".parse().unwrap(), Rules { guards, confirm });
        let blocks = refuse_change(&app, change, rules, &Allowances::new(&allows));
        blocks.into_iter().map(|block| block.guard.to_string()).collect()
    }

    fn protecting(pattern: &str) -> Guards {
        Guards { protect: vec![pattern.parse().unwrap()], ..Guards::default() }
    }

    fn denying(actions: Vec<&'static str>) -> Guards {
        let rule = DenyRule { pattern: "aws_db.*".parse().unwrap(), actions };
        Guards { deny_actions: vec![rule], ..Guards::default() }
    }

    #[test]
    fn a_protected_resource_is_not_lost_in_any_way() {
        let guards = protecting("aws_db.*");
        for action in ALL {
            let wanted: &[&str] = if action.is_destructive() { &["protect"] } else { &[] };
            assert_eq!(judged(&change(action), &guards, false, &[]), wanted, "{action:?}");
            assert_eq!(judged(&change(action), &guards, false, &["delete:app/aws_db.main[0]"]), [""; 0]);
            assert_eq!(judged(&change(action), &guards, false, &["delete:app/aws_db.main"]), wanted);
            assert_eq!(judged(&change(action), &guards, false, &["change:app/aws_db.main[0]"]), wanted);
            assert_eq!(judged(&change(action), &protecting("aws_vm.*"), false, &[]), [""; 0]);
        }
    }

    #[test]
    fn the_old_address_and_deposed_objects_are_protected_too() {
        let mut moved = change(Action::Delete);
        moved.previous_address = Some("module.database.aws_x.y".parse().unwrap());
        assert_eq!(judged(&moved, &protecting("module.database.**"), false, &[]), ["protect"]);
        let mut deposed = change(Action::Delete);
        deposed.deposed = Some("0badcafe".to_owned());
        assert_eq!(judged(&deposed, &protecting("aws_db.*"), false, &[]), ["protect"]);
    }

    #[test]
    fn a_move_out_of_protection_is_let_through_by_the_old_address() {
        let mut moved = change(Action::Update);
        moved.previous_address = Some("aws_vm.old".parse().unwrap());
        let guards = protecting("aws_vm.*");
        for (allow, refused) in [
            (&[] as &[&str], true),
            (&["delete:app/aws_vm.old"], false),
            (&["delete:app/aws_db.main[0]"], true),
            (&["delete:db/aws_vm.old"], true),
            (&["change:app/aws_vm.old"], true),
        ] {
            let wanted: &[&str] = if refused { &["protect"] } else { &[] };
            assert_eq!(judged(&moved, &guards, false, allow), wanted, "{allow:?}");
        }
        let rule = DenyRule { pattern: "aws_vm.*".parse().unwrap(), actions: vec!["delete"] };
        let denying = Guards { deny_actions: vec![rule], ..Guards::default() };
        assert_eq!(judged(&moved, &denying, false, &[]), ["deny_actions"]);
        assert_eq!(judged(&moved, &denying, false, &["delete:app/aws_vm.old"]), [""; 0]);
    }

    #[test]
    fn an_action_is_denied_by_each_word_that_it_falls_under() {
        let table: [(&str, &[Action]); 6] = [
            ("create", &[Action::Create, Action::ForgetAndCreate, Action::Unknown]),
            ("update", &[Action::Update, Action::Unknown]),
            ("replace", &[ALL[4], Action::Unknown]),
            ("delete", &[ALL[4], Action::Delete, Action::Unknown]),
            ("forget", &[Action::Forget, Action::ForgetAndCreate, Action::Unknown]),
            ("read", &[Action::Read, Action::Unknown]),
        ];
        for (word, denied) in table {
            for action in ALL {
                let wanted: &[&str] = if denied.contains(&action) { &["deny_actions"] } else { &[] };
                assert_eq!(
                    judged(&change(action), &denying(vec![word]), false, &[]),
                    wanted,
                    "{word} {action:?}"
                );
                let name = if action.is_destructive() { "delete" } else { "change" };
                let allow = format!("{name}:app/aws_db.main[0]");
                assert_eq!(judged(&change(action), &denying(vec![word]), false, &[&allow]), [""; 0]);
            }
        }
    }

    #[test]
    fn an_invoked_action_is_refused_by_its_address_and_let_through_by_name() {
        let action = ActionInvocation {
            address: "module.m.action.aws_lambda_invoke.warm".parse().unwrap(),
            trigger: None,
        };
        let judged = |guards: &Guards, allow: &[&str]| -> Vec<String> {
            let allows: Vec<GuardException> = allow.iter().map(|text| text.parse().unwrap()).collect();
            let (app, rules) = ("app".parse().unwrap(), Rules { guards, confirm: false });
            let blocks = refuse_action(&app, &action, rules, &Allowances::new(&allows));
            blocks.into_iter().map(|block| block.guard.to_string()).collect()
        };
        let deny = |pattern: &str, word| {
            let rule = DenyRule { pattern: pattern.parse().unwrap(), actions: vec![word] };
            Guards { deny_actions: vec![rule], ..Guards::default() }
        };
        let exception = "change:app/module.m.action.aws_lambda_invoke.warm";
        for (guards, wanted) in [
            (protecting("action.aws_lambda_invoke.*"), &["protect"] as &[&str]),
            (protecting("aws_lambda_invoke.*"), &[]),
            (deny("action.*.*", "invoke"), &["deny_actions"]),
            (deny("action.*.*", "delete"), &[]),
            (deny("action.aws_lambda_invoke.cold", "invoke"), &[]),
        ] {
            assert_eq!(judged(&guards, &[]), wanted, "{guards:?}");
            assert_eq!(judged(&guards, &[exception]), [""; 0]);
            assert_eq!(judged(&guards, &["delete:app/module.m.action.aws_lambda_invoke.warm"]), wanted);
        }
    }

    #[test]
    fn without_guards_only_an_unknown_action_with_confirm_is_refused() {
        for action in ALL {
            let wanted: &[&str] = if action == Action::Unknown { &["unknown"] } else { &[] };
            assert_eq!(judged(&change(action), &Guards::default(), true, &[]), wanted, "{action:?}");
            assert_eq!(judged(&change(action), &Guards::default(), false, &[]), [""; 0], "{action:?}");
            assert_eq!(
                judged(&change(action), &Guards::default(), true, &["delete:app/aws_db.main[0]"]),
                [""; 0]
            );
        }
    }
}
