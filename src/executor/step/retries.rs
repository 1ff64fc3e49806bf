//! Retries a plan after a transient failure: a few times, at growing intervals. An apply is never retried.

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

/// Maximum number of attempts of one plan.
const MAX_ATTEMPTS: u32 = 4;

/// First interval between attempts. Each further interval is twice as long, and up to as much again is added at random, so that stacks that
/// failed together do not retry together.
const FIRST_INTERVAL: Duration = Duration::from_millis(300);

/// Longest interval between attempts, without the random part.
const LONGEST_INTERVAL: Duration = Duration::from_secs(5);

/// Result of a retried action.
pub(super) struct AttemptResult<T> {
    /// Result of the last attempt.
    pub(in crate::executor) result: Result<T, EngineError>,
    /// Number of attempts.
    pub(in crate::executor) attempts: u32,
    /// Note for the user if more than one attempt was made.
    pub(in crate::executor) note: Option<String>,
}

/// Runs an action that changes no state, and runs it again after a transient failure.
///
/// An interrupt ends the wait at once; the next engine process then ends as interrupted.
pub(super) fn with_retries<T>(
    runner: &Arc<Runner>,
    session: &Session<'_>,
    action: impl FnMut() -> Result<T, EngineError>,
) -> AttemptResult<T> {
    let waiting = Arc::clone(runner);
    retry(session, move |time| waiting.pause(time), action)
}

fn retry<T>(
    session: &Session<'_>,
    pause: impl Fn(Duration) + 'static,
    mut action: impl FnMut() -> Result<T, EngineError>,
) -> AttemptResult<T> {
    let attempts = AtomicU32::new(0);
    let mut first: Option<Failure> = None;
    let intervals = ExponentialBuilder::default()
        .with_min_delay(FIRST_INTERVAL)
        .with_max_delay(LONGEST_INTERVAL)
        .with_max_times(MAX_ATTEMPTS as usize - 1)
        .with_jitter();
    let result = (|| {
        attempts.fetch_add(1, Ordering::Relaxed);
        action()
    })
    .retry(intervals)
    .sleep(pause)
    .when(|error| transient_failure(error).is_some())
    .notify(|error, time| {
        let Some(failure) = transient_failure(error) else { return };
        let next = attempts.load(Ordering::Relaxed) + 1;
        let wait = time.as_secs_f64();
        let text = format!("retrying in {wait:.1}s (attempt {next} of {MAX_ATTEMPTS}): {}", failure.summary);
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
    AttemptResult { result, attempts, note }
}

fn transient_failure(error: &EngineError) -> Option<&Failure> {
    match error {
        EngineError::Failed(failure) => Some(failure).filter(|failure| is_transient(failure)),
        EngineError::WrongBackend(_)
        | EngineError::KeptLockfile(_)
        | EngineError::Excluded(_)
        | EngineError::MissingWorkspace { .. }
        | EngineError::Interrupted { .. } => None,
    }
}
