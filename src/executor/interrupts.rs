//! Owner of the user's signals: one for the whole process, from the first time that a verb listens.

use std::{
    io, mem,
    panic::resume_unwind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

use super::{
    InterruptHandler, InterruptLevel, Prompt, PromptResult, Prompter, SignalSource, cancel::SignalRuntime,
};
use crate::{mutex::lock, process::Runner};

/// Interval at which a prompt checks for a signal.
const SIGNAL_CHECK_INTERVAL: Duration = Duration::from_millis(50);

type SharedRunner = Arc<Mutex<Option<Arc<Runner>>>>;

/// Interrupts of a verb by its user. A thread handles the signals until the dispatcher of a run takes them over.
pub struct Interrupts {
    first: Arc<AtomicU8>,
    runner: SharedRunner,
    handler: Mutex<Handler>,
}

/// Part of envctl that handles the signals of the user now.
enum Handler {
    /// The operating system: a signal ends envctl.
    System(InterruptHandler),
    /// The thread of [`Interrupts`] handles signals.
    Thread(Listener),
    /// The dispatcher of a run handles signals.
    Dispatcher,
}

impl Interrupts {
    /// Returns the owner of the signals of `source`; until [`Interrupts::listen`] they have their usual effect.
    pub fn new(source: SignalSource) -> Self {
        let runner = SharedRunner::default();
        let interrupted = Arc::clone(&runner);
        let cancel = InterruptHandler::new(source, move |level| {
            let runner = lock(&interrupted).clone();
            if let Some(runner) = runner {
                apply(level, &runner);
            }
        });
        Self { first: cancel.first_signal(), runner, handler: Mutex::new(Handler::System(cancel)) }
    }

    /// Starts to handle signals, unless that has happened before. From here on they do not end envctl itself.
    pub fn listen(&self) -> io::Result<()> {
        let mut handler = lock(&self.handler);
        *handler = match mem::replace(&mut *handler, Handler::Dispatcher) {
            Handler::System(cancel) => Handler::Thread(Listener::start(cancel)?),
            other => other,
        };
        Ok(())
    }

    /// Applies the interrupt levels to the programs of this runner; a signal that has arrived already counts.
    pub fn apply_to(&self, runner: &Arc<Runner>) {
        *lock(&self.runner) = Some(Arc::clone(runner));
        if self.signal().is_some() {
            runner.interrupt();
        }
    }

    /// Hands the signals over to the dispatcher of a run, with the level that they have raised so far.
    pub fn hand_over(&self) -> InterruptHandler {
        match mem::replace(&mut *lock(&self.handler), Handler::Dispatcher) {
            Handler::System(cancel) => cancel,
            Handler::Thread(listener) => listener.stop(),
            Handler::Dispatcher => InterruptHandler::without_signals(),
        }
    }

    /// Returns the first signal, if there was one.
    pub fn signal(&self) -> Option<u8> {
        Some(self.first.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// Prompts the user on a thread of its own, and waits for the answer or a signal.
    pub fn ask(&self, ask: &Prompt, prompter: &Arc<dyn Prompter>) -> PromptResult {
        let (sender, answers) = mpsc::channel();
        let (ask, asked) = (ask.clone(), Arc::clone(prompter));
        thread::spawn(move || {
            // After a signal the receiver is gone.
            let _received = sender.send(asked.ask(&ask));
        });
        loop {
            let answer = answers.recv_timeout(SIGNAL_CHECK_INTERVAL);
            if answer.is_ok() {
                // Closing a terminal both ends the prompt and sends a signal.
                self.catch_up();
            }
            if let Some(signal) = self.signal() {
                prompter.restore_terminal();
                return PromptResult::Interrupted(signal);
            }
            match answer {
                Ok(Ok(answer)) => return PromptResult::Answered(answer),
                Ok(Err(error)) => return PromptResult::Failed(error),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return PromptResult::Failed(io::Error::other("the prompt panicked"));
                }
            }
        }
    }

    /// Waits until the thread has handled every signal that has arrived.
    fn catch_up(&self) {
        if let Handler::Thread(listener) = &*lock(&self.handler) {
            listener.catch_up();
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        drop(self.hand_over());
    }
}

/// Applies an interrupt level to the programs that a runner has started.
fn apply(level: InterruptLevel, runner: &Runner) {
    match level {
        InterruptLevel::Interrupt | InterruptLevel::InterruptAgain => runner.interrupt(),
        InterruptLevel::Warn => {}
        InterruptLevel::Kill => runner.kill_groups(),
    }
}

/// Thread that handles signals until it is stopped.
struct Listener {
    stop: oneshot::Sender<()>,
    /// Requests that the thread handles every signal that has arrived.
    catch_up: UnboundedSender<mpsc::Sender<()>>,
    thread: thread::JoinHandle<InterruptHandler>,
}

impl Listener {
    fn start(mut cancel: InterruptHandler) -> io::Result<Self> {
        let mut signal_runtime = cancel.listen()?;
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (catch_up, mut catching_up) = unbounded_channel::<mpsc::Sender<()>>();
        let thread = thread::spawn(move || {
            let SignalRuntime { runtime, signals } = &mut signal_runtime;
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = &mut stopped => break,
                        // There is no run whose journal could record the event.
                        signal = signals.next() => drop(cancel.escalate(signal)),
                        Some(done) = catching_up.recv() => {
                            while let Some(signal) = signals.pending().await {
                                drop(cancel.escalate(signal));
                            }
                            // The requester may have stopped waiting.
                            let _received = done.send(());
                        }
                    }
                }
            });
            cancel.resume_with(signal_runtime);
            cancel
        });
        Ok(Self { stop, catch_up, thread })
    }

    fn stop(self) -> InterruptHandler {
        // A thread that panicked has no receiver any more.
        let _gone_already = self.stop.send(());
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn catch_up(&self) {
        let (done, waiting) = mpsc::channel();
        // A thread that has ended handles no more signals.
        if self.catch_up.send(done).is_ok() {
            let _answered = waiting.recv();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::UnboundedSender;

    use super::*;
    use crate::event::EventKind;

    fn interrupts() -> (Interrupts, UnboundedSender<u8>) {
        let (sender, receiver) = unbounded_channel();
        (Interrupts::new(SignalSource::Channel(receiver)), sender)
    }

    #[test]
    fn a_signal_interrupts_the_programs_of_the_runner() {
        let (interrupts, signals) = interrupts();
        interrupts.listen().unwrap();
        let runner = Arc::new(Runner::new());
        interrupts.apply_to(&runner);
        interrupts.catch_up();
        assert_eq!((interrupts.signal(), runner.is_interrupted()), (None, false));
        signals.send(15).unwrap();
        signals.send(2).unwrap();
        interrupts.catch_up();
        assert_eq!((interrupts.signal(), runner.is_interrupted()), (Some(15), true));
        let later = Arc::new(Runner::new());
        interrupts.apply_to(&later);
        assert!(later.is_interrupted(), "a signal before the first program counts as well");
    }

    #[test]
    fn a_run_takes_over_the_signals_and_their_level() {
        let (interrupts, signals) = interrupts();
        interrupts.listen().unwrap();
        interrupts.listen().unwrap();
        signals.send(15).unwrap();
        interrupts.catch_up();

        let mut cancel = interrupts.hand_over();

        assert_eq!(cancel.signal(), Some(15));
        signals.send(2).unwrap();
        let mut signal_runtime = cancel.listen().unwrap();
        assert_eq!(signal_runtime.runtime.block_on(signal_runtime.signals.pending()), Some(2));
        assert_eq!(cancel.escalate(2), Some(EventKind::InterruptRequested { signal: 2, count: 2 }));
        assert_eq!(interrupts.hand_over().signal(), None, "the signals have one owner");
    }

    #[test]
    fn a_run_that_takes_over_early_still_reports_its_first_signal() {
        let (interrupts, _signals) = interrupts();
        let mut cancel = interrupts.hand_over();
        cancel.escalate(2);
        assert_eq!(interrupts.signal(), Some(2));
    }
}
