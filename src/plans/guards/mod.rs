//! Guards: rules that keep a plan from being applied even when a user has confirmed it. Pure: time and git
//! facts are passed in.
//!
//! `losses` lists what a plan would delete; `resources` judges each change, `limits` their number, `plan` the
//! plans themselves, `judge_external` time and git, `unplanned` commands without a plan, `rounds` losses that
//! only a later round shows, `earlier` changes of the runs that a run resumes, `plan_file` a plan file given
//! by the user, `tentative` plans with values that the run will not know; `allowances` holds the exceptions of
//! `--allow`.
//!
//! | guard          | plans and commands that the guard refuses                              | exception              |
//! |----------------|------------------------------------------------------------------------|------------------------|
//! | `protect`      | delete, replace, forget or unknown action of a resource that a         | `delete:STACK/ADDR`    |
//! |                | pattern matches by its present or previous address                     |                        |
//! |                | move of such a resource to an address that nothing protects            | `delete:`, old address |
//! |                | invocation of a provider action that a pattern matches                 | `change:STACK/ADDR`    |
//! | `deny_actions` | denied actions of resources that a pattern matches; `delete`           | `delete:`, `change:`   |
//! |                | includes replace                                                       |                        |
//! | `unknown`      | in a `confirm` environment: actions unknown to envctl                  | `delete:STACK/ADDR`    |
//! | `allow`        | `--allow delete:ADDR` or `change:ADDR` that could mean several stacks, |                        |
//! |                | or whose address is in no plan of the run                              |                        |
//! | `max_deletes`  | more losses (`losses`) than the limit, over the run and the runs that  | `deletes=N`            |
//! |                | it resumes                                                             |                        |
//! | `max_changes`  | more changed resources and invoked actions than the limit, likewise    | `changes=N`            |
//! | `incomplete`   | in a `confirm` environment: `--target`, `--without`, deferred changes  | `incomplete`           |
//! | `max_plan_age` | plans older than the limit                                             | `age`                  |
//! | `window`       | applies outside of the time windows                                    | `window`               |
//! | `branch`       | applies from a branch that the guard does not list                     | `branch`               |
//! | `up_to_date`   | HEAD behind its upstream or remote head                                | `behind`               |
//! | `clean_tree`   | uncommitted changes under the stacks' files                            | `dirty`                |
//! | `tentative`    | plans with values that no apply in the run makes known                 |                        |
//! | `plan`, `plan_file`, `address`, `exec` | typed commands that cannot be judged, or do not belong to the instance | |

mod allowances;
mod earlier;
mod external;
mod judge;
mod limits;
mod losses;
mod plan;
mod plan_file;
mod resources;
#[cfg(test)]
mod rig;
mod rounds;
mod rules;
mod tentative;
mod unplanned;

pub use allowances::Allowances;
pub use earlier::EarlierChanges;
pub use external::{ExternalFacts, judge_external};
pub use judge::{judge, judge_time};
pub use limits::Tally;
pub use losses::{Loss, LossKind, losses, losses_of_review};
pub use plan_file::{InstanceState, mismatch_with_instance};
pub use rounds::{ShownLoss, shown_losses, unseen_losses};
pub use rules::Rules;
pub use tentative::{MissingUpstreams, ValueProviders, are_all_tentative, is_any_tentative};
pub use unplanned::{addresses_without_exception, refuse_removals, refuse_typed_command, resources_at};
