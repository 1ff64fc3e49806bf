//! Tries a plan again after a failure that is known to pass: a few times, at growing intervals, never an apply.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use backon::{BlockingRetryable, ExponentialBuilder};

use crate::{
    engine::{EngineError, Progress, Session, is_transient},
    model::Failure,
    process::Runner,
};

/// How often something is tried at most.
const MOST: u32 = 4;

/// The first interval; each further one is twice as long, and up to as much again is added by chance, so that stacks which
/// failed together do not come back together.
const FIRST: Duration = Duration::from_millis(300);

/// No interval is longer than this, but for what chance adds.
const LONGEST: Duration = Duration::from_secs(5);

/// What came of it.
pub(super) struct Tried<T> {
    /// The last attempt.
    pub(super) result: Result<T, EngineError>,
    /// How many there were.
    pub(super) attempts: u32,
    /// What a person should know when it took more than one.
    pub(super) note: Option<String>,
}

/// Does something that changes nothing, and does it again after a failure that is known to pass.
///
/// An interrupt ends the wait at once: what is started then ends as interrupted.
pub(super) fn attempt<T>(
    runner: &Arc<Runner>,
    session: &Session<'_>,
    once: impl FnMut() -> Result<T, EngineError>,
) -> Tried<T> {
    let waiting = Arc::clone(runner);
    attempt_with(session, move |time| waiting.pause(time), once)
}

fn attempt_with<T>(
    session: &Session<'_>,
    pause: impl Fn(Duration) + 'static,
    mut once: impl FnMut() -> Result<T, EngineError>,
) -> Tried<T> {
    let attempts = AtomicU32::new(0);
    let mut first: Option<Failure> = None;
    let intervals = ExponentialBuilder::default()
        .with_min_delay(FIRST)
        .with_max_delay(LONGEST)
        .with_max_times(MOST as usize - 1)
        .with_jitter();
    let result = (|| {
        attempts.fetch_add(1, Ordering::Relaxed);
        once()
    })
    .retry(intervals)
    .sleep(pause)
    .when(|error| passes(error).is_some())
    .notify(|error, time| {
        let Some(failure) = passes(error) else { return };
        let next = attempts.load(Ordering::Relaxed) + 1;
        let wait = time.as_secs_f64();
        let text = format!("retrying in {wait:.1}s (attempt {next} of {MOST}): {}", failure.summary);
        (session.observer)(Progress::Doing(text));
        first.get_or_insert_with(|| failure.clone());
    })
    .call();
    let attempts = attempts.into_inner();
    let note = match (&result, first) {
        (Ok(_), Some(failure)) => {
            Some(format!("attempt {attempts} succeeded; the first said: {}", failure.summary))
        }
        (Err(EngineError::Failed(_)), Some(_)) => Some(format!("tried {attempts} times")),
        (Err(_), _) | (_, None) => None,
    };
    Tried { result, attempts, note }
}

fn passes(error: &EngineError) -> Option<&Failure> {
    match error {
        EngineError::Failed(failure) => Some(failure).filter(|failure| is_transient(failure)),
        EngineError::WrongBackend(_)
        | EngineError::KeptLockfile(_)
        | EngineError::Excluded(_)
        | EngineError::MissingWorkspace { .. }
        | EngineError::Interrupted { .. } => None,
    }
}
