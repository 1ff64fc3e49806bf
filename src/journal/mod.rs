//! The crash-safe record of a run: writer, reader, the folders of runs, and the fold from events to the report.
//!
//! ```text
//! .envctl/.gitignore                 `*`: everything below, itself included, stays out of git
//! .envctl/durations/ENV.json         how long the steps of earlier runs took
//! .envctl/locks/ENV.lock            locked while something in that environment is changed; says by whom
//! .envctl/runs/RUN/journal.jsonl     one event per line, appended, synced before anything may change a state
//! .envctl/runs/RUN/inputs/           values and backend pairs, as the engines got them; removed when nothing needs them
//! .envctl/runs/RUN/logs/STACK.log    what the engines said
//! .envctl/runs/RUN/plans/STACK.tfplan
//! .envctl/runs/RUN/request.json      what was asked for, so that it can be gone on with; values leave it with `inputs/`
//! .envctl/runs/RUN/report.json       the fold of the journal, written when the run ends
//! ```
//!
//! Folders are 0700 and files 0600: plans and logs may hold what only their owner should see.

mod command_dir;
mod durations;
mod error;
mod fold;
mod gc;
mod lock;
mod outliving;
mod raw_output;
mod reader;
mod resume;
mod run_dir;
mod run_id;
mod stack_fold;
mod stopwatch;
mod store;
mod writer;

pub use command_dir::{Abandoned, CommandDir};
pub use durations::{Durations, Task};
pub use error::{FoldError, JournalError, StoreError};
pub use fold::{Fold, fold};
pub use gc::{Candidate, Verdict, verdicts};
pub use lock::{Holder, LockError, RunLock};
pub use outliving::{Leftovers, Outliving, Program};
pub use raw_output::RawOutput;
pub use reader::{Recorded, read_journal};
pub use resume::{Remainder, Resumption, Standing, resumption};
pub use run_dir::RunDir;
pub use run_id::new_run_id;
pub use stopwatch::Stopwatch;
pub use store::{RunStore, StoredRun};
pub use writer::{FORMAT, Journal};
