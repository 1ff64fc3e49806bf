use jiff::tz::TimeZone;

use super::*;
use crate::git::RemoteHead;

fn guards(branch: &[&str]) -> Guards {
    Guards {
        branch: branch.iter().map(|name| (*name).to_owned()).collect(),
        up_to_date: true,
        clean_tree: true,
        ..Guards::default()
    }
}

fn tree(branch: Option<&str>, upstream: Option<u64>, heads: &[(&str, bool)]) -> WorkingTree {
    WorkingTree {
        commit: Some("12ab".to_owned()),
        branch: branch.map(str::to_owned),
        upstream: upstream.map(|behind| ("origin/x".to_owned(), behind)),
        remote_heads: heads
            .iter()
            .map(|(branch, is_at_head)| RemoteHead { branch: (*branch).to_owned(), is_at_head: *is_at_head })
            .collect(),
        uncommitted_paths: Vec::new(),
    }
}

fn judged(guards: &Guards, tree: WorkingTree, allow: &[&str]) -> Vec<String> {
    let allows: Vec<GuardException> = allow.iter().map(|text| text.parse().unwrap()).collect();
    let tree = Ok(tree);
    let facts = ExternalFacts { now: Timestamp::UNIX_EPOCH, tree: Some(&tree) };
    let blocks = judge_external(Rules { guards, confirm: false }, facts, &Allowances::new(&allows));
    blocks.into_iter().map(|block| block.guard.to_string()).collect()
}

#[test]
fn head_must_be_up_to_date_with_its_remote() {
    let main = guards(&["main"]);
    let none: &[(&str, bool)] = &[];
    for (branch, upstream, heads, refused) in [
        (Some("main"), Some(0), none, &[] as &[&str]),
        (Some("main"), Some(2), none, &["up_to_date"]),
        (Some("main"), None, none, &["up_to_date"]),
        (Some("main"), None, &[("main", true)], &[]),
        (Some("main"), None, &[("main", false)], &["up_to_date"]),
        (Some("topic"), Some(0), none, &["branch", "up_to_date"]),
        (Some("topic"), Some(0), &[("main", true)], &[]),
        (Some("topic"), Some(0), &[("main", false)], &["up_to_date"]),
        (None, None, none, &["branch", "up_to_date"]),
        (None, None, &[("main", true), ("topic", false)], &[]),
        (None, None, &[("main", false), ("topic", true)], &["up_to_date"]),
        (None, None, &[("topic", true)], &["branch", "up_to_date"]),
    ] {
        let tree = tree(branch, upstream, heads);
        assert_eq!(judged(&main, tree.clone(), &[]), refused, "{tree:?}");
        assert_eq!(judged(&main, tree, &["branch", "behind"]), [""; 0]);
    }
}

#[test]
fn without_the_branch_guard_the_remote_head_of_its_own_branch_counts() {
    for (branch, heads, refused) in [
        (Some("topic"), &[("topic", true), ("main", false)] as &[_], &[] as &[&str]),
        (Some("topic"), &[("main", true)], &["up_to_date"]),
        (None, &[("main", true), ("old", false)], &[]),
        (None, &[("main", false)], &["up_to_date"]),
    ] {
        assert_eq!(judged(&guards(&[]), tree(branch, None, heads), &[]), refused, "{branch:?} {heads:?}");
    }
}

#[test]
fn uncommitted_files_are_named() {
    let mut tree = tree(Some("main"), Some(0), &[]);
    tree.uncommitted_paths = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
    assert_eq!(judged(&guards(&[]), tree.clone(), &[]), ["clean_tree"]);
    assert_eq!(judged(&guards(&[]), tree.clone(), &["dirty"]), [""; 0]);
    assert_eq!(uncommitted_changes(&guards(&[]), &tree).unwrap(), "not committed: `a`, `b`, `c` and 2 more");
}

#[test]
fn guards_that_need_git_refuse_if_git_fails() {
    let tree = Err(NoWorkingTree { dir: "/x".into(), reason: "not a git repository".to_owned() });
    for facts in [Some(&tree), None] {
        let facts = ExternalFacts { now: Timestamp::UNIX_EPOCH, tree: facts };
        let (on, off) = (guards(&["main"]), Guards::default());
        let blocks = judge_external(Rules { guards: &on, confirm: false }, facts, &Allowances::default());
        assert_eq!(blocks.len(), 3);
        assert!(
            judge_external(Rules { guards: &off, confirm: true }, facts, &Allowances::default()).is_empty()
        );
    }
}

fn window(days: [bool; 7], from: (i8, i8), to: (i8, i8), timezone: TimeZone) -> Window {
    let time = |(hour, minute)| Time::constant(hour, minute, 0, 0);
    Window { days, from: time(from), to: time(to), timezone, text: "then".to_owned() }
}

fn open(window: &Window, at: &str) -> bool {
    is_open(window, at.parse().unwrap())
}

const WEEKDAYS: [bool; 7] = [true, true, true, true, true, false, false];

#[test]
fn a_window_begins_on_its_days_and_ends_before_its_end() {
    let office = window(WEEKDAYS, (9, 0), (16, 0), TimeZone::UTC);
    // 2026-01-05 is a Monday.
    assert!(open(&office, "2026-01-05T09:00:00Z") && open(&office, "2026-01-09T15:59:59Z"));
    for closed in ["2026-01-05T08:59:59Z", "2026-01-05T16:00:00Z", "2026-01-10T12:00:00Z"] {
        assert!(!open(&office, closed), "{closed}");
    }
}

#[test]
fn a_window_may_pass_midnight_into_a_day_that_is_not_its_own() {
    let night = window(WEEKDAYS, (22, 0), (4, 0), TimeZone::UTC);
    assert!(open(&night, "2026-01-09T23:00:00Z"), "Friday night");
    assert!(open(&night, "2026-01-10T03:59:00Z"), "still Friday's");
    assert!(!open(&night, "2026-01-10T04:00:00Z"));
    assert!(!open(&night, "2026-01-10T22:00:00Z"), "Saturday has none");
    assert!(!open(&night, "2026-01-12T03:00:00Z"), "nor had Sunday");
    let sunday = window([false, false, false, false, false, false, true], (22, 0), (4, 0), TimeZone::UTC);
    assert!(open(&sunday, "2026-01-12T03:00:00Z"), "over the end of the week");
    let always = window([true; 7], (0, 0), (0, 0), TimeZone::UTC);
    assert!(open(&always, "2026-01-10T00:00:00Z") && open(&always, "2026-01-10T12:00:00Z"));
}

#[test]
fn a_window_follows_the_clocks_of_its_place() {
    // Central European rules, so that no time zone database is needed.
    let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let office = window([true; 7], (9, 0), (16, 0), berlin.clone());
    assert!(open(&office, "2026-01-05T08:00:00Z") && !open(&office, "2026-01-05T07:59:59Z"), "winter");
    assert!(open(&office, "2026-07-06T07:00:00Z") && !open(&office, "2026-07-06T14:00:00Z"), "summer");
    // In the night to 2026-03-29 the hour from two to three does not exist, in that to 2026-10-25 it comes twice.
    let night = window([true; 7], (2, 0), (3, 0), berlin);
    assert!(!open(&night, "2026-03-29T01:00:00Z"), "it is three already");
    assert!(open(&night, "2026-10-25T00:30:00Z") && open(&night, "2026-10-25T01:30:00Z"));
    assert!(!open(&night, "2026-10-25T02:00:00Z"));
}

#[test]
fn outside_of_every_window_a_change_is_refused_unless_it_is_allowed() {
    let now: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
    let early = window(WEEKDAYS, (6, 0), (7, 0), TimeZone::UTC);
    let noon = window(WEEKDAYS, (11, 0), (13, 0), TimeZone::UTC);
    let judged = |window: &[Window], allow: &[GuardException]| {
        let guards = Guards { window: window.to_vec(), ..Guards::default() };
        refuse_outside_window(Rules { guards: &guards, confirm: false }, now, &Allowances::new(allow))
    };
    assert_eq!(judged(&[early.clone(), noon], &[]), None);
    let block = judged(std::slice::from_ref(&early), &[]).unwrap();
    assert_eq!(block.message, "changes are made then, not now");
    assert_eq!(judged(&[early], &[GuardException::Window]), None);
}
