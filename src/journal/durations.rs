//! Durations of the steps of each stack in earlier runs: one small file per environment.
//!
//! The last three durations of each step are kept, and their median is the estimate: a single step that had to download
//! providers or waited for a lock does not distort it.

use std::{collections::BTreeMap, io, time::Duration};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::{files, model::StackId};

/// Version of the file format.
const FORMAT: u32 = 1;

/// Number of durations kept for each step.
const KEPT_DURATIONS: usize = 3;

/// Kind of step that is measured separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Plan, also of a destruction.
    Plan,
    /// Apply that creates or changes.
    Apply,
    /// Apply that destroys.
    Destroy,
}

impl Task {
    const ALL: [Self; 3] = [Self::Plan, Self::Apply, Self::Destroy];
}

/// Durations of the steps of one environment.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    stacks: BTreeMap<String, StackDurations>,
    typical: [Option<Duration>; Task::ALL.len()],
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DurationsDocument {
    format: u32,
    stacks: BTreeMap<String, StackDurations>,
}

/// Durations of the steps of one stack, in milliseconds, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct StackDurations {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plan: Vec<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    apply: Vec<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    destroy: Vec<u32>,
}

impl StackDurations {
    fn durations_of(&self, task: Task) -> &[u32] {
        match task {
            Task::Plan => &self.plan,
            Task::Apply => &self.apply,
            Task::Destroy => &self.destroy,
        }
    }

    fn add(&mut self, task: Task, took: Duration) {
        let list = match task {
            Task::Plan => &mut self.plan,
            Task::Apply => &mut self.apply,
            Task::Destroy => &mut self.destroy,
        };
        list.push(u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
        list.drain(..list.len().saturating_sub(KEPT_DURATIONS));
    }
}

impl Durations {
    /// Reads the durations from a file. A missing or damaged file, or a file of another format, has none: durations only affect
    /// order and estimates.
    pub fn read(file: &Utf8Path) -> Self {
        let stacks = files::read_whole(file).ok().and_then(|bytes| parse(&bytes)).unwrap_or_default();
        let typical = Task::ALL.map(|task| {
            median(stacks.values().filter_map(|all| median(all.durations_of(task).to_vec())).collect())
        });
        Self { stacks, typical: typical.map(|number| number.map(milliseconds)) }
    }

    /// Returns the expected duration of a step; `None` when no such step of the stack has succeeded yet.
    pub fn expected(&self, stack: &StackId, task: Task) -> Option<Duration> {
        median(self.stacks.get(stack.as_str())?.durations_of(task).to_vec()).map(milliseconds)
    }

    /// Returns the median duration of a kind of step over all stacks; `None` when none has succeeded in any stack.
    pub fn overall_median(&self, task: Task) -> Option<Duration> {
        self.typical[task as usize]
    }
}

/// Adds measured durations to a file.
///
/// Several processes may do so at once: the file is replaced as a whole, and one of two simultaneous additions may be
/// lost.
pub(super) fn add(file: &Utf8Path, measured: &[(StackId, Task, Duration)]) -> io::Result<()> {
    if measured.is_empty() {
        return Ok(());
    }
    let mut stacks = Durations::read(file).stacks;
    for (stack, task, took) in measured {
        stacks.entry(stack.to_string()).or_default().add(*task, *took);
    }
    files::write(file, &serde_json::to_vec(&DurationsDocument { format: FORMAT, stacks })?)
}

fn parse(bytes: &[u8]) -> Option<BTreeMap<String, StackDurations>> {
    let document: DurationsDocument = serde_json::from_slice(bytes).ok()?;
    (document.format == FORMAT).then_some(document.stacks)
}

/// Returns the median, rounded down between the two middle numbers.
fn median(mut numbers: Vec<u32>) -> Option<u32> {
    numbers.sort_unstable();
    let (low, high) = (numbers.len().checked_sub(1)? / 2, numbers.len() / 2);
    Some(numbers[low].midpoint(numbers[high]))
}

fn milliseconds(number: u32) -> Duration {
    Duration::from_millis(number.into())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use camino::Utf8PathBuf;

    use super::*;

    fn id(name: &str) -> StackId {
        name.parse().unwrap()
    }

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let keep = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(keep.path()).unwrap().join("durations/staging.json");
        (keep, file)
    }

    fn took(stack: &str, task: Task, milliseconds: u64) -> (StackId, Task, Duration) {
        (id(stack), task, Duration::from_millis(milliseconds))
    }

    #[test]
    fn the_median_of_the_last_durations_ignores_one_slow_run() {
        let (_keep, file) = folder();
        for milliseconds in [9000, 100, 300, 200] {
            add(&file, &[took("app", Task::Plan, milliseconds)]).unwrap();
        }
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, r#"{"format":1,"stacks":{"app":{"plan":[100,300,200]}}}"#);
        let durations = Durations::read(&file);
        assert_eq!(durations.expected(&id("app"), Task::Plan), Some(Duration::from_millis(200)));
        assert_eq!(durations.expected(&id("app"), Task::Apply), None);
        assert_eq!(durations.expected(&id("other"), Task::Plan), None);
    }

    #[test]
    fn the_typical_duration_is_the_median_over_stacks_for_each_task() {
        let (_keep, file) = folder();
        add(&file, &[took("a", Task::Plan, 1), took("b", Task::Plan, 5), took("a", Task::Destroy, 7)])
            .unwrap();
        add(&file, &[took("c", Task::Plan, 900)]).unwrap();
        let durations = Durations::read(&file);
        let typical = |task| durations.overall_median(task).map(|time| time.as_millis());
        assert_eq!(Task::ALL.map(typical), [Some(5), None, Some(7)]);
    }

    #[test]
    fn a_missing_or_damaged_durations_file_is_replaced() {
        let (_keep, file) = folder();
        assert_eq!(Durations::read(&file).overall_median(Task::Plan), None);
        add(&file, &[took("app", Task::Plan, 100)]).unwrap();
        let whole = fs::read_to_string(&file).unwrap();
        let foreign = whole.replace("\"format\":1", "\"format\":2");
        let absurd = whole.replace("100", "1e300");
        for bad in [&whole[..whole.len() - 4], "", "[1]", "\u{0}\u{0}", &foreign, &absurd, "{\"stacks\":7}"] {
            fs::write(&file, bad).unwrap();
            assert_eq!(Durations::read(&file).overall_median(Task::Plan), None, "{bad}");
            add(&file, &[took("app", Task::Plan, 7)]).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), whole.replace("100", "7"), "{bad}");
        }
    }

    #[test]
    fn concurrent_writers_leave_a_complete_file() {
        let (_keep, file) = folder();
        let names = ["a", "b", "c", "d"];
        std::thread::scope(|scope| {
            for name in names {
                let file = &file;
                scope.spawn(move || {
                    for _ in 0..20 {
                        add(file, &[took(name, Task::Plan, 100)]).unwrap();
                        let durations = Durations::read(file);
                        assert!(durations.overall_median(Task::Plan).is_some(), "torn");
                    }
                });
            }
        });
        assert_eq!(file.parent().unwrap().read_dir_utf8().unwrap().count(), 1);
    }

    #[test]
    fn the_durations_file_is_private_and_not_written_without_steps() {
        let (_keep, file) = folder();
        add(&file, &[]).unwrap();
        assert!(!file.exists());
        add(&file, &[took("app", Task::Plan, 7)]).unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(file.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
