//! Thread of the event consumers: a slow terminal never delays an engine.

use std::{
    any::Any,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    event::{Consumer, Event},
    ui::BeforeWrite,
};

/// Queue length above which progress events are dropped.
const MAX_WAITING_EVENTS: usize = 256;

enum ConsumerMessage {
    Event(Arc<Event>),
    Flush(SyncSender<()>),
}

type EventSender = Arc<Sender<ConsumerMessage>>;

/// Handle of the consumers' thread.
pub(super) struct Consumers {
    thread: Option<(EventSender, JoinHandle<Vec<String>>)>,
    waiting: Arc<AtomicUsize>,
}

impl Consumers {
    /// Starts the thread; no thread is started without consumers.
    pub(super) fn start(consumers: Vec<Box<dyn Consumer>>) -> Self {
        let waiting = Arc::new(AtomicUsize::new(0));
        let thread = (!consumers.is_empty()).then(|| {
            let (sender, receiver) = channel();
            let worker = ConsumerThread { consumers, notes: Vec::new(), waiting: Arc::clone(&waiting) };
            (Arc::new(sender), thread::spawn(move || worker.run(&receiver)))
        });
        Self { thread, waiting }
    }

    /// Sends one event to the consumers; never blocks.
    pub(super) fn send(&self, event: &Arc<Event>) {
        let Some((sender, _)) = &self.thread else { return };
        if !event.kind.is_recorded() && self.waiting.load(Ordering::Relaxed) >= MAX_WAITING_EVENTS {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // The thread ends only when this sender is dropped, so the receiver still exists.
        let _delivered = sender.send(ConsumerMessage::Event(Arc::clone(event)));
    }

    /// Waits until the consumers have handled all events sent so far, for example before a prompt on the same terminal.
    pub(super) fn flush(&self) {
        if let Some((sender, _)) = &self.thread {
            flush(sender);
        }
    }

    /// Returns a function that does the same as [`Consumers::flush`] until the thread has ended, and nothing afterwards.
    pub(super) fn flusher(&self) -> BeforeWrite {
        let sender = self.thread.as_ref().map(|(sender, _)| Arc::downgrade(sender));
        Arc::new(move || {
            if let Some(sender) = sender.as_ref().and_then(Weak::upgrade) {
                flush(&sender);
            }
        })
    }

    /// Waits for the end of the thread; returns a line for each consumer that had to be dropped.
    pub(super) fn finish(self) -> Vec<String> {
        let Some((sender, thread)) = self.thread else { return Vec::new() };
        drop(sender);
        thread.join().unwrap_or_else(|panic| vec![format!("the reporters stopped: {}", panic_text(&*panic))])
    }
}

fn flush(sender: &Sender<ConsumerMessage>) {
    let (done, wait) = sync_channel(1);
    if sender.send(ConsumerMessage::Flush(done)).is_ok() {
        let _closed_is_done_too = wait.recv();
    }
}

struct ConsumerThread {
    consumers: Vec<Box<dyn Consumer>>,
    notes: Vec<String>,
    waiting: Arc<AtomicUsize>,
}

impl ConsumerThread {
    fn run(mut self, receiver: &Receiver<ConsumerMessage>) -> Vec<String> {
        let mut last_tick = Instant::now();
        loop {
            let message = match self.until_tick(last_tick) {
                None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => receiver.recv_timeout(wait),
            };
            match message {
                Ok(ConsumerMessage::Event(event)) => {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    self.for_each_consumer(|consumer| consumer.consume(&event));
                }
                Ok(ConsumerMessage::Flush(done)) => drop(done),
                Err(RecvTimeoutError::Timeout) => {
                    last_tick = Instant::now();
                    self.for_each_consumer(Consumer::tick);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.for_each_consumer(Consumer::finish);
                    return self.notes;
                }
            }
        }
    }

    fn until_tick(&self, last: Instant) -> Option<Duration> {
        let every = self.consumers.iter().filter_map(|consumer| consumer.tick_every()).min()?;
        Some(every.saturating_sub(last.elapsed()))
    }

    /// Calls `act` with each consumer; a consumer that returns an error or panics is dropped.
    fn for_each_consumer(&mut self, mut act: impl FnMut(&mut (dyn Consumer + 'static)) -> io::Result<()>) {
        let notes = &mut self.notes;
        self.consumers.retain_mut(|consumer| {
            let problem = match catch_unwind(AssertUnwindSafe(|| act(&mut **consumer))) {
                Ok(Ok(())) => return true,
                Ok(Err(error)) => error.to_string(),
                Err(panic) => panic_text(&*panic),
            };
            notes.push(format!("the {} output was given up: {problem}", consumer.name()));
            false
        });
    }
}

/// Returns the message of a panic.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        event::{EventKind, StepKind},
        model::ExitStatus,
        ui::{Detail, Printer, Styles},
    };

    fn finished(seq: u64) -> Arc<Event> {
        let kind = EventKind::RunFinished { status: ExitStatus::Success };
        Arc::new(Event { seq, at: jiff::Timestamp::UNIX_EPOCH, kind })
    }

    fn progress(seq: u64) -> Arc<Event> {
        let stack = "a".parse().unwrap();
        let kind = EventKind::Progress { stack, step: StepKind::Plan, text: String::new() };
        Arc::new(Event { seq, at: jiff::Timestamp::UNIX_EPOCH, kind })
    }

    /// Consumer that records the sequence numbers of its events and runs `then` at one of them.
    struct Listener {
        name: &'static str,
        seen: Arc<Mutex<Vec<u64>>>,
        at: u64,
        then: Box<dyn FnMut() -> io::Result<()> + Send>,
    }

    impl Consumer for Listener {
        fn name(&self) -> &str {
            self.name
        }

        fn consume(&mut self, event: &Event) -> io::Result<()> {
            self.seen.lock().unwrap().push(event.seq);
            if event.seq == self.at { (self.then)() } else { Ok(()) }
        }
    }

    fn listener(
        name: &'static str,
        at: u64,
        then: impl FnMut() -> io::Result<()> + Send + 'static,
    ) -> (Box<dyn Consumer>, Arc<Mutex<Vec<u64>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        (Box::new(Listener { name, seen: Arc::clone(&seen), at, then: Box::new(then) }), seen)
    }

    #[test]
    fn a_consumer_that_fails_is_dropped_and_mentioned_once() {
        let (failing, failed_after) = listener("terminal", 1, || Err(io::Error::other("broken pipe")));
        let (panicking, panicked_after) = listener("summary", 0, || panic!("out of range"));
        let (steady, saw_all) = listener("plain", 9, || Ok(()));
        let consumers = Consumers::start(vec![failing, panicking, steady]);
        for seq in 0..4 {
            consumers.send(&finished(seq));
        }
        assert_eq!(
            consumers.finish(),
            [
                "the summary output was given up: out of range",
                "the terminal output was given up: broken pipe"
            ]
        );
        assert_eq!(*failed_after.lock().unwrap(), [0, 1]);
        assert_eq!(*panicked_after.lock().unwrap(), [0]);
        assert_eq!(*saw_all.lock().unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_slow_consumer_misses_progress_events_only() {
        let (release, hold) = sync_channel::<()>(0);
        let (slow, seen) = listener("terminal", 0, move || hold.recv().map_err(io::Error::other));
        let consumers = Consumers::start(vec![slow]);
        consumers.send(&finished(0));
        let many = MAX_WAITING_EVENTS as u64 + 10;
        for seq in 1..=many {
            consumers.send(&progress(seq));
        }
        consumers.send(&finished(many + 1));
        release.send(()).unwrap();
        assert_eq!(consumers.finish(), [""; 0]);
        let seen = seen.lock().unwrap();
        assert_eq!((seen[0], *seen.last().unwrap()), (0, many + 1));
        assert!(seen.len() < MAX_WAITING_EVENTS + 5, "{} of {many} live words were kept", seen.len());
    }

    /// Writer that appends to a text shared with other writers.
    struct SharedText(Arc<Mutex<String>>);

    impl io::Write for SharedText {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_printer_writes_after_the_consumers_have_written() {
        let text = Arc::new(Mutex::new(String::new()));
        let stream =
            || (Box::new(SharedText(Arc::clone(&text))) as Box<dyn io::Write + Send>, Styles::new(false));
        let printer = Printer::new(stream(), stream(), Detail::Normal, None);
        let messages = printer.without_call_before_write();
        let (slow, _) = listener("plain", 99, move || {
            messages.say("last event");
            Ok(())
        });
        let consumers = Consumers::start(vec![slow]);
        printer.call_before_write(consumers.flusher());
        for seq in 0..100 {
            consumers.send(&finished(seq));
        }
        printer.text("review\n").unwrap();
        assert_eq!(*text.lock().unwrap(), "last event\nreview\n");
        consumers.send(&finished(99));
        printer.say("hint");
        assert_eq!(*text.lock().unwrap(), "last event\nreview\nlast event\nhint\n");
        assert_eq!(consumers.finish(), [""; 0]);
        printer.say("end");
        assert_eq!(*text.lock().unwrap(), "last event\nreview\nlast event\nhint\nend\n");
    }

    #[test]
    fn a_flush_waits_until_all_events_are_handled() {
        let (steady, seen) = listener("plain", 9, || Ok(()));
        let consumers = Consumers::start(vec![steady]);
        consumers.send(&finished(0));
        consumers.send(&finished(1));
        consumers.flush();
        assert_eq!(*seen.lock().unwrap(), [0, 1]);
        assert_eq!(consumers.finish(), [""; 0]);
    }
}
