//! Checklist of an environment at its gate: the user confirms each item at a prompt or with `--ack ID`.

use indexmap::IndexMap;

use crate::{
    config::Environment,
    diagnostic::closest,
    executor::{Answer, DispatchError, Prompt, PromptResult, Refusal},
    run::Usage,
    ui::shell_word,
};

/// Items of the checklist, and those that were confirmed in this run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checklist {
    /// Sentences to confirm, by id.
    items: IndexMap<String, String>,
    /// Ids of the confirmed items.
    acked: Vec<String>,
}

/// Result of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum ChecklistResult {
    /// All items were confirmed.
    Confirmed,
    /// An item was not confirmed.
    Refused(Refusal),
    /// A signal arrived before the answer.
    Interrupted(u8),
}

/// Refuses an `--ack` whose id is not in the checklist.
pub(in crate::run) fn check_acks(environment: &Environment, acks: &[String]) -> Result<(), Usage> {
    let Some(id) = acks.iter().find(|id| !environment.checklist.contains_key(*id)) else { return Ok(()) };
    let known = environment.checklist.keys().map(String::as_str);
    let meant = closest(id, known).map_or(String::new(), |known| format!("; did you mean `{known}`?"));
    let name = &environment.name;
    Err(Usage::Other(format!("`--ack {id}`: the checklist of `{name}` has no such item{meant}")))
}

impl Checklist {
    /// Returns the checklist of an environment.
    pub(crate) fn for_environment(environment: &Environment) -> Self {
        Self { items: environment.checklist.clone(), acked: Vec::new() }
    }

    /// Returns the ids of the confirmed items.
    pub(in crate::run) fn acked(&self) -> &[String] {
        &self.acked
    }

    /// Returns true if an item that no flag confirms needs a prompt.
    pub(in crate::run) fn needs_prompt(&self, acks: &[String]) -> bool {
        self.items.keys().any(|id| !self.acked.contains(id) && !acks.contains(id))
    }

    /// Returns the refusal of the items that neither a flag nor the user has confirmed; `None` if all items are confirmed.
    pub(in crate::run) fn refusal_of_unconfirmed(&self, acks: &[String]) -> Option<Refusal> {
        let mut open = self.unconfirmed_items();
        open.retain(|(id, _)| !acks.contains(id));
        (!open.is_empty()).then(|| unconfirmed_refusal(&open))
    }

    /// Returns the `--ack` flags of the items that neither a flag nor the user has confirmed.
    pub(in crate::run) fn ack_flags(&self, acks: &[String]) -> Vec<String> {
        let open = self.unconfirmed_items().into_iter().filter(|(id, _)| !acks.contains(id));
        open.map(|(id, _)| format!("--ack {}", shell_word(&id))).collect()
    }

    /// Returns the items with their texts, one per line.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.items.iter().map(|(id, sentence)| format!("{id}: {sentence}")).collect()
    }

    /// Returns the items that are not confirmed yet.
    fn unconfirmed_items(&self) -> Vec<(String, String)> {
        let open = self.items.iter().filter(|(id, _)| !self.acked.contains(id));
        open.map(|(id, sentence)| (id.clone(), sentence.clone())).collect()
    }

    /// Confirms each item by `acks`, or by a prompt in an interactive terminal.
    pub(in crate::run) fn confirm_items(
        &mut self,
        interactive: bool,
        acks: &[String],
        mut ask: impl FnMut(&Prompt) -> Result<PromptResult, DispatchError>,
    ) -> Result<ChecklistResult, DispatchError> {
        for (id, sentence) in self.unconfirmed_items() {
            if acks.contains(&id) {
                self.acked.push(id);
            } else if interactive {
                match ask(&Prompt::YesNo { question: format!("{id}: {sentence}?") })? {
                    PromptResult::Answered(Answer::Yes) => self.acked.push(id),
                    PromptResult::Interrupted(signal) => return Ok(ChecklistResult::Interrupted(signal)),
                    // The first no ends the checklist without further prompts.
                    PromptResult::Answered(_) => break,
                    PromptResult::Failed(error) => {
                        let refusal = unconfirmed_refusal(&self.unconfirmed_items());
                        let summary = format!("{}, and asking for it failed: {error}", refusal.summary);
                        return Ok(ChecklistResult::Refused(Refusal { summary, ..refusal }));
                    }
                }
            }
        }
        let open = self.unconfirmed_items();
        Ok(if open.is_empty() {
            ChecklistResult::Confirmed
        } else {
            ChecklistResult::Refused(unconfirmed_refusal(&open))
        })
    }
}

fn unconfirmed_refusal(open: &[(String, String)]) -> Refusal {
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

    /// Runs the checklist with this scripted answer, and returns the prompts.
    fn through(
        list: &mut Checklist,
        acks: &[&str],
        answers: Option<Vec<PromptResult>>,
    ) -> (Result<(), String>, Vec<String>) {
        let acks: Vec<String> = acks.iter().map(|id| (*id).to_owned()).collect();
        let interactive = answers.is_some();
        let (mut answers, mut asked) = (answers.unwrap_or_default().into_iter(), Vec::new());
        let checked = list.confirm_items(interactive, &acks, |ask| {
            asked.push(format!("{ask:?}").split('"').nth(1).unwrap_or_default().to_owned());
            Ok(answers.next().unwrap())
        });
        let checked = match checked.unwrap() {
            ChecklistResult::Confirmed => Ok(()),
            ChecklistResult::Refused(refusal) => Err(refusal.summary),
            ChecklistResult::Interrupted(signal) => Err(format!("signal {signal}")),
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
        let yes = || PromptResult::Answered(Answer::Yes);
        let told = "told: the customers were told?".to_owned();
        let on_call = "on-call: somebody is on call?".to_owned();
        assert_eq!(through(&mut checklist(), &["on-call"], Some(vec![yes()])), (Ok(()), vec![told.clone()]));
        assert_eq!(
            through(&mut checklist(), &[], Some(vec![yes(), yes()])),
            (Ok(()), vec![on_call.clone(), told])
        );
        let (checked, asked) = through(&mut checklist(), &[], Some(vec![PromptResult::Answered(Answer::No)]));
        assert_eq!(checked, Err("the checklist is not answered: `on-call`, `told`".to_owned()));
        assert_eq!(asked, [on_call]);
        let (checked, _) = through(&mut checklist(), &[], Some(vec![PromptResult::Interrupted(2)]));
        assert_eq!(checked, Err("signal 2".to_owned()));
        let failed = PromptResult::Failed(std::io::Error::other("no terminal"));
        let (checked, _) = through(&mut checklist(), &[], Some(vec![failed]));
        assert!(checked.unwrap_err().ends_with("and asking for it failed: no terminal"));
    }
}
