//! Crash-safe record of a run: writer, reader, folders of runs, and the fold from events to the report.
//!
//! ```text
//! .envctl/.gitignore                 `*`: keeps everything below, itself included, out of git
//! .envctl/durations/ENV.json         durations of the steps of earlier runs
//! .envctl/locks/ENV.lock             locked while a process changes that environment; names the holder
//! .envctl/runs/RUN/journal.jsonl     one event per line, appended, synced before a state may change
//! .envctl/runs/RUN/inputs/           values and backend settings for the engines; removed when no longer needed
//! .envctl/runs/RUN/logs/STACK.log    output of the engines
//! .envctl/runs/RUN/plans/STACK.tfplan
//! .envctl/runs/RUN/request.json      request of the run, to apply or resume it; values leave it with `inputs/`
//! .envctl/runs/RUN/report.json       fold of the journal, written when the run ends
//! ```
//!
//! Folders have mode 0700 and files 0600: plans and logs may hold secrets.

mod command_dir;
mod durations;
mod error;
mod fold;
mod format;
mod gc;
mod lock;
mod orphans;
mod reader;
mod resume;
mod run_dir;
mod run_id;
mod stack_fold;
mod stopwatch;
mod store;
mod unmasked_output;
mod writer;

pub use command_dir::{AbandonedCommand, CommandDir};
pub use durations::{Durations, Task};
pub use error::{FoldError, JournalError, StoreError};
pub use fold::{Fold, fold};
pub use format::FORMAT;
pub use gc::{GcCandidate, Verdict, verdicts};
pub use lock::{LockError, LockHolder, RunLock};
pub use orphans::{Leftovers, OrphanProcess, Program};
pub use reader::{JournalContent, read_journal};
pub use resume::{RemainingWork, Resumption, StackProgress, resumption};
pub use run_dir::RunDir;
pub use run_id::new_run_id;
pub use stopwatch::Stopwatch;
pub use store::{RunStore, StoredRun};
pub use unmasked_output::UnmaskedOutput;
pub use writer::Journal;
