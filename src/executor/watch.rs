//! Signal handler for commands without a run: the same interrupt levels, without a dispatcher.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tokio::{
    runtime::Builder,
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
};

use super::{Ask, Asked, InterruptLevel, Prompter, SignalSource, interrupt::Ladder};

/// Interval at which a prompt checks for a signal.
const LOOK: Duration = Duration::from_millis(50);

/// Signal handler that is active until it is dropped. Meanwhile the handled signals do not end envctl itself.
pub struct Watch {
    first: Arc<AtomicU8>,
    stop: Option<oneshot::Sender<()>>,
    /// Requests that the thread handles every signal that has arrived.
    catch_up: UnboundedSender<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watch {
    /// Starts to receive signals; `act` applies an interrupt level to the running programs.
    pub fn start(source: SignalSource, act: impl Fn(InterruptLevel) + Send + 'static) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let mut signals = source.listen()?;
        drop(entered);
        let first = Arc::new(AtomicU8::new(0));
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (catch_up, mut catching_up) = unbounded_channel::<mpsc::Sender<()>>();
        let seen = Arc::clone(&first);
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                let mut ladder = Ladder::default();
                let mut escalate = |signal| {
                    if let Some((level, count)) = ladder.escalate(signal) {
                        if count == 1 {
                            seen.store(signal, Ordering::SeqCst);
                        }
                        act(level);
                    }
                };
                loop {
                    tokio::select! {
                        _ = &mut stopped => break,
                        signal = signals.next() => escalate(signal),
                        Some(done) = catching_up.recv() => {
                            while let Some(signal) = signals.pending().await {
                                escalate(signal);
                            }
                            // The requester may have stopped waiting.
                            let _received = done.send(());
                        }
                    }
                }
            });
        });
        Ok(Self { first, stop: Some(stop), catch_up, thread: Some(thread) })
    }

    /// Prompts the user on a thread of its own, and waits for the answer or a signal.
    pub fn ask(&self, ask: &Ask, prompter: &Arc<dyn Prompter>) -> Asked {
        let (sender, answers) = mpsc::channel();
        let (ask, asked) = (ask.clone(), Arc::clone(prompter));
        thread::spawn(move || {
            // After a signal the receiver is gone.
            let _received = sender.send(asked.ask(&ask));
        });
        loop {
            let answer = answers.recv_timeout(LOOK);
            if answer.is_ok() {
                // Closing a terminal both ends the prompt and sends a signal.
                self.catch_up();
            }
            if let Some(signal) = self.signal() {
                prompter.abandoned();
                return Asked::Interrupted(signal);
            }
            match answer {
                Ok(Ok(answer)) => return Asked::Answered(answer),
                Ok(Err(error)) => return Asked::Failed(error),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Asked::Failed(io::Error::other("the prompt panicked"));
                }
            }
        }
    }

    /// Waits until every signal that has arrived is handled.
    fn catch_up(&self) {
        let (done, waiting) = mpsc::channel();
        // A thread that has ended handles no more signals.
        if self.catch_up.send(done).is_ok() {
            let _answered = waiting.recv();
        }
    }

    /// Returns the first signal, if there was one.
    pub fn signal(&self) -> Option<u8> {
        Some(self.first.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The thread may have ended already, by a panic of `act`, which cannot be reported here.
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _gone_already = stop.send(());
            let _panicked = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn each_signal_climbs_a_rung_until_the_watch_ends() {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let (told, rungs) = mpsc::channel();
        let watch =
            Watch::start(SignalSource::Channel(receiver), move |level| told.send(level).unwrap()).unwrap();
        assert_eq!(watch.signal(), None);
        for signal in [15, 2, 2] {
            sender.send(signal).unwrap();
        }
        let seen: Vec<InterruptLevel> = rungs.iter().take(3).collect();
        assert_eq!(seen, [InterruptLevel::Interrupt, InterruptLevel::Warn, InterruptLevel::InterruptAgain]);
        assert_eq!(watch.signal(), Some(15));
        drop(watch);
        assert!(rungs.iter().next().is_none());
    }
}
