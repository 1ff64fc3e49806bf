//! Guards that need no plan, only the time and the git work tree: `branch`, `up_to_date`, `clean_tree`, `window`.
//!
//! | `up_to_date`                                           | refuses when                          |
//! |--------------------------------------------------------|---------------------------------------|
//! | the branch is allowed by `branch` and has an upstream  | the branch is behind the upstream     |
//! | else, a relevant remote head contains HEAD             | none of the relevant heads is HEAD    |
//! | else                                                   | always: cannot be determined          |
//!
//! The relevant remote heads are those of the branches in `branch`; without such a guard those of the current branch's
//! name, and with a detached HEAD all of them.

use jiff::{Timestamp, civil::Time};

use super::{Allowances, Rules, rules::refusal};
use crate::{
    config::{Guards, Window},
    git::{NoWorkingTree, WorkingTree},
    model::{Block, Guard, GuardException},
    ui::Count,
};

/// Facts from outside the plans that guards judge.
#[derive(Debug, Clone, Copy)]
pub struct ExternalFacts<'a> {
    /// Current time.
    pub now: Timestamp,
    /// State of the git work tree; `None` when no guard needs it.
    pub tree: Option<&'a Result<WorkingTree, NoWorkingTree>>,
}

/// Returns the refusals of all guards that need no plan.
pub fn judge_external(rules: Rules<'_>, facts: ExternalFacts<'_>, allowed: &Allowances) -> Vec<Block> {
    let guards = rules.guards;
    let with_tree = |judge: fn(&Guards, &WorkingTree) -> Option<String>| match facts.tree {
        Some(Ok(tree)) => judge(guards, tree),
        Some(Err(error)) => Some(error.to_string()),
        None => Some("git was not asked".to_owned()),
    };
    let mut found = Vec::new();
    let mut judge = |on: bool, guard: Guard, allow: GuardException, message: Option<String>| {
        if let Some(message) = message.filter(|_| on).filter(|_| !allowed.take(&allow)) {
            found.push(refusal(guard, message, &allow));
        }
    };
    judge(!guards.branch.is_empty(), Guard::Branch, GuardException::Branch, with_tree(wrong_branch));
    judge(guards.up_to_date, Guard::UpToDate, GuardException::Behind, with_tree(behind_upstream));
    judge(guards.clean_tree, Guard::CleanTree, GuardException::Dirty, with_tree(uncommitted_changes));
    found.extend(refuse_outside_window(rules, facts.now, allowed));
    found
}

/// Returns the refusal of `window`, if no window is open at this time.
pub(super) fn refuse_outside_window(rules: Rules<'_>, now: Timestamp, allowed: &Allowances) -> Option<Block> {
    let windows = &rules.guards.window;
    if windows.is_empty()
        || windows.iter().any(|window| is_open(window, now))
        || allowed.take(&GuardException::Window)
    {
        return None;
    }
    let texts: Vec<&str> = windows.iter().map(|window| window.text.as_str()).collect();
    let message = format!("changes are made {}, not now", texts.join("; "));
    Some(refusal(Guard::Window, message, &GuardException::Window))
}

/// Returns true if a time lies in a window. Compares local times of the window's time zone, so a window
/// follows daylight saving time.
fn is_open(window: &Window, now: Timestamp) -> bool {
    let here = now.to_zoned(window.timezone.clone());
    let time: Time = here.time();
    let today = usize::from(here.weekday().to_monday_zero_offset().unsigned_abs());
    let begins = |day: usize| window.days[day % 7];
    if window.from < window.to {
        begins(today) && (window.from..window.to).contains(&time)
    } else {
        (begins(today) && time >= window.from) || (begins(today + 6) && time < window.to)
    }
}

/// Returns the reason why the guard `branch` refuses a working tree.
fn wrong_branch(guards: &Guards, tree: &WorkingTree) -> Option<String> {
    if tree.is_on(&guards.branch) {
        return None;
    }
    let wanted: Vec<String> = guards.branch.iter().map(|name| format!("`{name}`")).collect();
    let wanted = wanted.join(" or ");
    Some(match &tree.branch {
        Some(own) => format!("HEAD is `{own}`, not {wanted}"),
        None => format!("HEAD is detached, and not in the remote head of {wanted}"),
    })
}

/// Returns the reason why the guard `up_to_date` refuses a working tree.
fn behind_upstream(guards: &Guards, tree: &WorkingTree) -> Option<String> {
    let asked_for = |name: &String| guards.branch.is_empty() || guards.branch.contains(name);
    if let (Some(own), Some((upstream, behind))) = (&tree.branch, &tree.upstream)
        && asked_for(own)
    {
        let commits = Count(*behind, "commit");
        return (*behind > 0).then(|| format!("`{own}` is {commits} behind `{upstream}`"));
    }
    let in_question = |name: &String| match &tree.branch {
        Some(own) if guards.branch.is_empty() => name == own,
        _ => asked_for(name),
    };
    let heads: Vec<_> = tree.remote_heads.iter().filter(|head| in_question(&head.branch)).collect();
    match heads.first() {
        Some(_) if heads.iter().any(|head| head.is_at_head) => None,
        Some(head) => Some(format!("HEAD is behind the remote head of `{}`", head.branch)),
        None => Some("nobody can tell whether HEAD is behind: it has no upstream".to_owned()),
    }
}

/// Returns the reason why the guard `clean_tree` refuses a working tree.
fn uncommitted_changes(_: &Guards, tree: &WorkingTree) -> Option<String> {
    const SHOWN_PATHS: usize = 3;
    let first: Vec<String> =
        tree.uncommitted_paths.iter().take(SHOWN_PATHS).map(|path| format!("`{path}`")).collect();
    let more = tree.uncommitted_paths.len().saturating_sub(SHOWN_PATHS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!first.is_empty()).then(|| format!("not committed: {}{more}", first.join(", ")))
}

#[cfg(test)]
mod tests;
