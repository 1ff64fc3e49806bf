//! Digest of a review, which a confirmation can quote.

use sha2::{Digest, Sha256};

use super::Review;
use crate::model::hex;

/// Returns the SHA-256 of the content of a review: environment, direction, and for each changed stack its
/// workspace, the address of its state, its resource changes, outputs, invoked provider actions and diff. The
/// actor is not part of it, as plan and deploy jobs often differ. Each part is prefixed with its length, so
/// that different reviews cannot be concatenated to equal bytes.
pub(super) fn review_digest(review: &Review) -> String {
    let mut hash = Sha256::new();
    add_text(&mut hash, "envctl review 3");
    add_text(&mut hash, review.environment.as_str());
    add_text(&mut hash, if review.destroy { "destroy" } else { "deploy" });
    for stack in &review.stacks {
        let Some(changes) = stack.outcome.changes() else { continue };
        add_text(&mut hash, stack.stack.as_str());
        add_text(&mut hash, &stack.state.workspace);
        add_text(&mut hash, &stack.state.address);
        add_number(&mut hash, changes.resources.len());
        for change in &changes.resources {
            add_text(&mut hash, change.address.as_str());
            add_text(&mut hash, &format!("{:?}", change.action));
            add_text(&mut hash, change.previous_address.as_ref().map_or("", |a| a.as_str()));
            add_text(&mut hash, if change.importing { "import" } else { "" });
            add_text(&mut hash, change.deposed.as_deref().unwrap_or_default());
            add_number(&mut hash, change.attributes.len());
            for attribute in &change.attributes {
                add_text(&mut hash, attribute);
            }
        }
        add_number(&mut hash, changes.outputs.len());
        for output in &changes.outputs {
            add_text(&mut hash, &output.name);
            add_text(&mut hash, &format!("{:?}", output.action));
        }
        add_number(&mut hash, changes.actions.len());
        for action in &changes.actions {
            add_text(&mut hash, &action.to_string());
        }
        add_text(&mut hash, &stack.diff);
    }
    hex(&hash.finalize())
}

fn add_text(hash: &mut Sha256, text: &str) {
    add_number(hash, text.len());
    hash.update(text.as_bytes());
}

fn add_number(hash: &mut Sha256, number: usize) {
    hash.update((number as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{Action, ActionInvocation, Changes, Outcome, ResourceChange},
        plans::{Review, ReviewStack},
    };

    fn review(address: &str, diff: &str) -> Review {
        let changes = Changes {
            resources: vec![ResourceChange::new(address.parse().unwrap(), Action::Create)],
            ..Changes::default()
        };
        Review {
            environment: "staging".parse().unwrap(),
            destroy: false,
            stacks: vec![ReviewStack {
                diff: diff.to_owned(),
                ..ReviewStack::new("app".parse().unwrap(), Outcome::Changed(changes))
            }],
        }
    }

    #[test]
    fn notes_do_not_change_the_digest() {
        let mut noted = review("a.b", "+ a");
        noted.stacks[0].notes.push("planned twice".to_owned());
        assert_eq!(review("a.b", "+ a").digest(), noted.digest());
        assert_eq!(noted.digest().len(), 64);
    }

    #[test]
    fn any_difference_in_content_changes_the_digest() {
        let base = review("a.b", "+ a").digest();
        let mut elsewhere = review("a.b", "+ a");
        elsewhere.environment = "production".parse().unwrap();
        let mut reversed = review("a.b", "+ a");
        reversed.destroy = true;
        let mut workspace = review("a.b", "+ a");
        workspace.stacks[0].state.workspace = "qa".to_owned();
        let mut state = review("a.b", "+ a");
        state.stacks[0].state.address = "local:state/qa.tfstate".to_owned();
        let mut invoking = review("a.b", "+ a");
        if let Outcome::Changed(changes) = &mut invoking.stacks[0].outcome {
            changes.actions.push(ActionInvocation { address: "action.a.b".parse().unwrap(), trigger: None });
        }
        let others =
            [invoking, review("a.c", "+ a"), review("a.b", "+ b"), elsewhere, reversed, workspace, state];
        for other in others {
            assert_ne!(base, other.digest());
        }
    }
}
