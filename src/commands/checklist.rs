//! The questions of an environment at its gate: each is said yes to by a person, or by `--ack ID`.

use indexmap::IndexMap;

use super::Usage;
use crate::{
    config::Environment,
    diagnostic::closest,
    executor::{Answer, Ask, Asked, DispatchError, Refusal},
    ui::shell_word,
};

/// The questions, and which of them somebody said yes to in this run.
#[derive(Debug, Clone, Default)]
pub(super) struct Checklist {
    items: IndexMap<String, String>,
    acked: Vec<String>,
}

/// What came of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checked {
    /// Everything was said yes to.
    Yes,
    /// Something was not.
    Refused(Refusal),
    /// A signal came instead of an answer.
    Interrupted(u8),
}

/// An answer to a question that nobody asks is a mistake.
pub(super) fn know_acks(environment: &Environment, acks: &[String]) -> Result<(), Usage> {
    let Some(id) = acks.iter().find(|id| !environment.checklist.contains_key(*id)) else { return Ok(()) };
    let known = environment.checklist.keys().map(String::as_str);
    let meant = closest(id, known).map_or(String::new(), |known| format!("; did you mean `{known}`?"));
    let name = &environment.name;
    Err(Usage::Other(format!("`--ack {id}`: the checklist of `{name}` has no such item{meant}")))
}

impl Checklist {
    /// The questions of an environment.
    pub(super) fn of(environment: &Environment) -> Self {
        Self { items: environment.checklist.clone(), acked: Vec::new() }
    }

    /// What was said yes to.
    pub(super) fn acked(&self) -> &[String] {
        &self.acked
    }

    /// True where a user would be asked: on a terminal, for an item that no flag answers.
    pub(super) fn would_ask(&self, acks: &[String]) -> bool {
        self.items.keys().any(|id| !self.acked.contains(id) && !acks.contains(id))
    }

    /// Returns the refusal of the items that neither a flag nor a user has answered; none where all are.
    pub(super) fn unanswered(&self, acks: &[String]) -> Option<Refusal> {
        let mut open = self.open();
        open.retain(|(id, _)| !acks.contains(id));
        (!open.is_empty()).then(|| unanswered(&open))
    }

    /// Returns the flags that answer what is still open.
    pub(super) fn ack_flags(&self, acks: &[String]) -> Vec<String> {
        let open = self.open().into_iter().filter(|(id, _)| !acks.contains(id));
        open.map(|(id, _)| format!("--ack {}", shell_word(&id))).collect()
    }

    /// Returns the items with their sentences, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        self.items.iter().map(|(id, sentence)| format!("{id}: {sentence}")).collect()
    }

    /// The items that nobody has said yes to yet.
    fn open(&self) -> Vec<(String, String)> {
        let open = self.items.iter().filter(|(id, _)| !self.acked.contains(id));
        open.map(|(id, sentence)| (id.clone(), sentence.clone())).collect()
    }

    /// Goes through the questions: what `acks` do not answer is asked where a person can be.
    pub(super) fn go_through(
        &mut self,
        interactive: bool,
        acks: &[String],
        mut ask: impl FnMut(&Ask) -> Result<Asked, DispatchError>,
    ) -> Result<Checked, DispatchError> {
        for (id, sentence) in self.open() {
            if acks.contains(&id) {
                self.acked.push(id);
            } else if interactive {
                match ask(&Ask::YesNo { question: format!("{id}: {sentence}?") })? {
                    Asked::Answered(Answer::Yes) => self.acked.push(id),
                    Asked::Interrupted(signal) => return Ok(Checked::Interrupted(signal)),
                    // The first no ends it: whoever is asked need not be asked the rest.
                    Asked::Answered(_) => break,
                    Asked::Failed(error) => {
                        let refusal = unanswered(&self.open());
                        let summary = format!("{}, and asking for it failed: {error}", refusal.summary);
                        return Ok(Checked::Refused(Refusal { summary, ..refusal }));
                    }
                }
            }
        }
        let open = self.open();
        Ok(if open.is_empty() { Checked::Yes } else { Checked::Refused(unanswered(&open)) })
    }
}

fn unanswered(open: &[(String, String)]) -> Refusal {
    let ids: Vec<String> = open.iter().map(|(id, _)| format!("`{id}`")).collect();
    let lines: Vec<String> =
        open.iter().map(|(id, sentence)| format!("checklist {id}: {sentence}")).collect();
    Refusal {
        summary: format!("the checklist is not answered: {}", ids.join(", ")),
        detail: lines.join("\n"),
        hint: None,
        next: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checklist() -> Checklist {
        let items = [("on-call", "somebody is on call"), ("told", "the customers were told")];
        let items = items.map(|(id, sentence)| (id.to_owned(), sentence.to_owned()));
        Checklist { items: items.into(), acked: Vec::new() }
    }

    /// Goes through it with a person who answers this, and returns what they were asked.
    fn through(
        list: &mut Checklist,
        acks: &[&str],
        answers: Option<Vec<Asked>>,
    ) -> (Result<(), String>, Vec<String>) {
        let acks: Vec<String> = acks.iter().map(|id| (*id).to_owned()).collect();
        let interactive = answers.is_some();
        let (mut answers, mut asked) = (answers.unwrap_or_default().into_iter(), Vec::new());
        let checked = list.go_through(interactive, &acks, |ask| {
            asked.push(format!("{ask:?}").split('"').nth(1).unwrap_or_default().to_owned());
            Ok(answers.next().unwrap())
        });
        let checked = match checked.unwrap() {
            Checked::Yes => Ok(()),
            Checked::Refused(refusal) => Err(refusal.summary),
            Checked::Interrupted(signal) => Err(format!("signal {signal}")),
        };
        (checked, asked)
    }

    #[test]
    fn where_nobody_can_be_asked_every_item_needs_its_flag() {
        let mut list = checklist();
        let refused = Err("the checklist is not answered: `on-call`, `told`".to_owned());
        assert_eq!(through(&mut list, &[], None), (refused, vec![]));
        let refused = Err("the checklist is not answered: `told`".to_owned());
        assert_eq!(through(&mut list, &["on-call"], None), (refused, vec![]));
        assert_eq!(through(&mut list, &["told"], None), (Ok(()), vec![]), "what was answered stays answered");
        assert_eq!(list.acked(), ["on-call", "told"]);
    }

    #[test]
    fn a_person_is_asked_what_no_flag_answers_until_the_first_no() {
        let yes = || Asked::Answered(Answer::Yes);
        let told = "told: the customers were told?".to_owned();
        let on_call = "on-call: somebody is on call?".to_owned();
        assert_eq!(through(&mut checklist(), &["on-call"], Some(vec![yes()])), (Ok(()), vec![told.clone()]));
        assert_eq!(
            through(&mut checklist(), &[], Some(vec![yes(), yes()])),
            (Ok(()), vec![on_call.clone(), told])
        );
        let (checked, asked) = through(&mut checklist(), &[], Some(vec![Asked::Answered(Answer::No)]));
        assert_eq!(checked, Err("the checklist is not answered: `on-call`, `told`".to_owned()));
        assert_eq!(asked, [on_call]);
        let (checked, _) = through(&mut checklist(), &[], Some(vec![Asked::Interrupted(2)]));
        assert_eq!(checked, Err("signal 2".to_owned()));
        let failed = Asked::Failed(std::io::Error::other("no terminal"));
        let (checked, _) = through(&mut checklist(), &[], Some(vec![failed]));
        assert!(checked.unwrap_err().ends_with("and asking for it failed: no terminal"));
    }
}
