use super::*;

const DIGEST: &str = "9f2c41d0a7b35e18aaaabbbbccccdddd9f2c41d0a7b35e18aaaabbbbccccdddd";

fn review() -> ReviewSummary {
    let totals = ChangeCounts { create: 2, delete: 1, outputs: 4, ..ChangeCounts::default() };
    ReviewSummary { digest: DIGEST.to_owned(), totals, stacks: 2 }
}

fn digest(text: &str) -> Confirmation {
    Confirmation::Digest(text.parse().unwrap())
}

/// Calls `act` with a request of the first round with these flags.
fn with<T>(
    confirmation: Option<&Confirmation>,
    [protected, destroy, yes, terminal]: [bool; 4],
    act: impl FnOnce(&GateRequest<'_>) -> T,
) -> T {
    in_round(&GateRound::default(), confirmation, [protected, destroy, yes, terminal], act)
}

/// Calls `act` with a request of a given round with these flags.
fn in_round<T>(
    round: &GateRound,
    confirmation: Option<&Confirmation>,
    [protected, destroy, yes, terminal]: [bool; 4],
    act: impl FnOnce(&GateRequest<'_>) -> T,
) -> T {
    let environment = "production".parse().unwrap();
    let invocation = if destroy { "envctl destroy production" } else { "envctl deploy production" };
    let review = review();
    act(&GateRequest {
        invocation,
        environment: &environment,
        protected,
        destroy,
        confirmation,
        yes,
        terminal,
        round,
        review: &review,
        record: &GateRecord::default(),
    })
}

fn switches() -> impl Iterator<Item = [bool; 4]> {
    (0..16_u8).map(|bits| [0, 1, 2, 3].map(|bit| bits & (1 << bit) != 0))
}

/// Every row of the module's table, with every combination of the flags that it leaves open.
#[test]
fn the_gate_follows_the_table() {
    let (right, wrong) = (digest(&DIGEST[..16]), digest("0123456789abcdef"));
    for all in switches() {
        let [protected, destroy, yes, terminal] = all;
        let confirmed = |by: &str| format!("confirmed by {by}");
        let told = |confirmation| {
            with(confirmation, all, |request| match gate(request) {
                Gate::Confirmed { source } => confirmed(&source),
                Gate::Refused(refusal) => format!("refused: {}", refusal.summary),
                Gate::Ask(Prompt::TypeName { name, .. }) => format!("type {name}"),
                Gate::Ask(Prompt::YesNo { .. }) => "ask".to_owned(),
            })
        };
        let refused = "refused: `production` needs a confirmation".to_owned();
        let protected_decision = if terminal { "type production".to_owned() } else { refused.clone() };
        assert_eq!(told(Some(&right)), confirmed("--confirm=9f2c41d0a7b35e18"), "{all:?}");
        let other =
            "refused: the plans changed: you confirmed review 0123456789abcdef, this one is 9f2c41d0a7b35e18";
        assert_eq!(told(Some(&wrong)), other, "{all:?}");
        let plain = match (protected && destroy, terminal) {
            (false, _) => confirmed("--confirm"),
            (true, true) => protected_decision.clone(),
            (true, false) => "refused: a plain `--confirm` is not enough to destroy `production`: \
                              it takes the digest, `--confirm=9f2c41d0a7b35e18`"
                .to_owned(),
        };
        assert_eq!(told(Some(&Confirmation::Plain)), plain, "{all:?}");
        let absent = match (protected, yes, terminal) {
            (true, _, _) => protected_decision,
            (false, true, _) => confirmed("--yes"),
            (false, false, true) => "ask".to_owned(),
            (false, false, false) => refused,
        };
        assert_eq!(told(None), absent, "{all:?}");
    }
}

#[test]
fn a_refusal_says_what_would_change_and_what_to_type() {
    let refused = |switches, confirmation| {
        with(confirmation, switches, |request| match gate(request) {
            Gate::Refused(refusal) => refusal.to_string(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(
        refused([true, false, false, false], None),
        "`production` needs a confirmation\n  \
         review 9f2c41d0a7b35e18 would change 3 resources in 2 stacks (1 to delete)\n\
         hint: `envctl deploy production --confirm=9f2c41d0a7b35e18` confirms exactly this review"
    );
    let destroy = refused([true, true, true, false], Some(&Confirmation::Plain));
    let hint =
        "hint: `envctl destroy production --confirm=9f2c41d0a7b35e18`; a plain `--confirm` is not enough";
    assert!(destroy.contains(hint), "{destroy}");
    let open = refused([false, false, false, false], None);
    let hint = "hint: `envctl deploy production --yes` runs without a question";
    assert!(open.ends_with(hint), "{open}");
    let other = refused([false, false, true, true], Some(&digest("0123456789abcdef")));
    assert!(
        other.ends_with("hint: review it, then `envctl deploy production --confirm=9f2c41d0a7b35e18`"),
        "{other}"
    );
}

#[test]
fn later_rounds_are_confirmed_beforehand_but_for_unseen_losses() {
    let round = |confirm_rounds: bool, unseen: &[&str]| GateRound {
        number: 2,
        is_later: true,
        confirm_rounds,
        unseen: unseen.iter().map(|line| (*line).to_owned()).collect(),
        applied: vec!["network".to_owned()],
        leaves_others: false,
    };
    let told = |round: &GateRound, switches| {
        in_round(round, None, switches, |request| match gate(request) {
            Gate::Confirmed { source } => source,
            Gate::Refused(refusal) => {
                let next = "envctl deploy production --confirm=9f2c41d0a7b35e18";
                assert_eq!((refusal.hint, refusal.next.as_deref()), (None, Some(next)));
                format!("{}\n{}", refusal.summary, refusal.detail)
            }
            Gate::Ask(Prompt::TypeName { name, .. }) => format!("type {name}"),
            Gate::Ask(Prompt::YesNo { .. }) => "ask".to_owned(),
        })
    };
    for [protected, _, yes, terminal] in switches() {
        let switches = [protected, false, yes, terminal];
        assert_eq!(told(&round(true, &[]), switches), "--confirm-rounds");
        let first = GateRound { is_later: false, ..round(true, &[]) };
        let without = with(None, switches, gate);
        assert_eq!(in_round(&first, None, switches, gate), without, "the first is not");
        let asked = match (protected, yes, terminal) {
            (true, _, true) => Some("type production"),
            (false, true, _) => Some("--yes"),
            (false, false, true) => Some("ask"),
            _ => None,
        };
        let refused = "round 2 in `production` needs a confirmation of its own\napplied already: network\n\
                       review 9f2c41d0a7b35e18 would change 3 resources in 2 stacks (1 to delete)";
        assert_eq!(told(&round(false, &[]), switches), asked.unwrap_or(refused));
        let losses = "round 2 in `production` would lose what no confirmed review has shown\ndelete app: a.b\n\
                      applied already: network\nreview 9f2c41d0a7b35e18 would change 3 resources in 2 stacks (1 to delete)";
        assert_eq!(told(&round(true, &["delete app: a.b"]), switches), asked.unwrap_or(losses));
    }
}

#[test]
fn a_later_review_without_failed_stacks_has_no_digest_to_quote() {
    let round = GateRound { number: 2, is_later: true, leaves_others: true, ..GateRound::default() };
    let next = in_round(&round, None, [true, false, false, false], |request| match gate(request) {
        Gate::Refused(refusal) => refusal.next,
        other => panic!("{other:?}"),
    });
    assert_eq!(next.as_deref(), Some("envctl deploy production"));
}

fn flag_of(request: &GateRequest<'_>) -> Option<String> {
    request.confirm_flag()
}

#[test]
fn a_repeated_command_keeps_the_flag_that_confirms_the_review() {
    let flag = |confirmation: Option<&Confirmation>, switches| with(confirmation, switches, flag_of);
    let (right, wrong) = (digest(&DIGEST[..16]), digest("0123456789abcdef"));
    let this = Some("--confirm=9f2c41d0a7b35e18".to_owned());
    assert_eq!(flag(Some(&Confirmation::Plain), [true, false, false, false]).as_deref(), Some("--confirm"));
    assert_eq!(flag(Some(&right), [true, true, false, true]), this);
    assert_eq!(flag(Some(&wrong), [false, false, true, true]), this);
    assert_eq!(
        flag(Some(&Confirmation::Plain), [true, true, false, false]),
        this,
        "to destroy it is not enough"
    );
    assert_eq!(flag(None, [true, false, true, false]), this, "`--yes` is not enough");
    assert_eq!(flag(None, [true, false, true, true]), None, "the user is asked");
    assert_eq!(flag(None, [false, false, true, true]).as_deref(), Some("--yes"));
    assert_eq!(flag(None, [false, false, false, false]).as_deref(), Some("--yes"));
    let round = GateRound { is_later: true, number: 2, ..GateRound::default() };
    let later = |round: &GateRound| in_round(round, None, [false, false, false, false], flag_of);
    assert_eq!(later(&round), this);
    assert_eq!(later(&GateRound { confirm_rounds: true, ..round.clone() }), None);
    assert_eq!(later(&GateRound { leaves_others: true, ..round }), None);
}

#[test]
fn an_answer_confirms_only_its_own_question() {
    let yes_no = Prompt::YesNo { question: String::new() };
    let type_name = Prompt::TypeName { question: String::new(), name: "production".to_owned() };
    let told = |ask: &Prompt, answer: Answer| {
        with(None, [true, false, false, true], |request| {
            evaluate_answer(request, ask, &answer).map_err(|r| r.summary)
        })
    };
    let typed = |text: &str| Answer::Typed(text.to_owned());
    let not = Err("`production` was not confirmed".to_owned());
    assert_eq!(told(&yes_no, Answer::Yes), Ok("answered".to_owned()));
    assert_eq!(told(&yes_no, Answer::No), not);
    assert_eq!(told(&yes_no, typed("production")), not);
    assert_eq!(told(&type_name, typed("production")), Ok("typed".to_owned()));
    assert_eq!(told(&type_name, typed("prod")), Err("`prod` was typed, not `production`".to_owned()));
    assert_eq!(told(&type_name, typed("")), not);
    assert_eq!(told(&type_name, Answer::Yes), not);
    assert_eq!(told(&type_name, Answer::No), not);
}

#[test]
fn a_digest_is_quoted_with_at_least_sixteen_digits() {
    for bad in ["", "9f2c", &DIGEST[..15], "9f2c41d0a7b35e1g", &format!("{DIGEST}0")] {
        assert!(bad.parse::<DigestPrefix>().is_err(), "{bad}");
    }
    assert_eq!("9F2C41D0A7B35E18".parse::<DigestPrefix>().unwrap().to_string(), "9f2c41d0a7b35e18");
    assert!(DIGEST.parse::<DigestPrefix>().is_ok());
}

#[test]
fn the_extent_counts_outputs_only_when_nothing_else_changes() {
    let totals = ChangeCounts { outputs: 1, ..ChangeCounts::default() };
    assert_eq!(review_size(&ReviewSummary { totals, stacks: 1, ..review() }), "1 output in 1 stack");
    let totals = ChangeCounts { replace: 1, forget: 2, ..ChangeCounts::default() };
    assert_eq!(
        review_size(&ReviewSummary { totals, stacks: 1, ..review() }),
        "3 resources in 1 stack (1 to replace, 2 to remove from state)"
    );
}
