//! Reporter for a terminal: a live line per running stack with a progress bar below, and a permanent line per
//! finished stack.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{outcome_line, plain::interrupt_message, step_counter::StepCounter, step_text};
use crate::{
    event::{Consumer, Event, EventKind, StepKind},
    model::{Outcome, StackId},
    ui::{Detail, Printer, Role, seconds, whole_seconds},
};

/// Draws on standard error.
pub struct TerminalReporter {
    printer: Arc<Printer>,
    area: MultiProgress,
    /// Progress bar below the running stacks; `None` while no step runs.
    bar: Option<ProgressBar>,
    running: HashMap<StackId, RunningStep>,
    counter: StepCounter,
    /// Stacks whose plan is to come.
    to_plan: HashSet<StackId>,
    /// Stacks whose planned changes are to be applied.
    to_apply: HashSet<StackId>,
    /// Estimated duration of all plans and of all applies, in seconds.
    expected: HashMap<StepKind, f64>,
    round: Option<ProgressRound>,
}

/// Round of plans or applies that the progress bar counts.
struct ProgressRound {
    /// Word for finished steps: `planned`.
    done: &'static str,
    /// Start of the round.
    since: Instant,
    /// Estimated duration of the round in seconds.
    expected: Option<f64>,
}

impl ProgressRound {
    fn text(&self, elapsed: f64) -> String {
        match self.expected {
            None => self.done.to_owned(),
            Some(expected) if elapsed < expected => {
                format!("{}, about {} left", self.done, whole_seconds(expected - elapsed))
            }
            Some(_) => format!("{}, longer than usual", self.done),
        }
    }
}

/// Live line of a running step.
struct RunningStep {
    line: ProgressBar,
    /// Start of the step.
    since: Instant,
    /// Last progress of the step.
    text: String,
}

impl TerminalReporter {
    /// Makes a reporter that draws on the terminal while steps run.
    pub fn new(printer: Arc<Printer>) -> Self {
        let area = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(12));
        Self {
            printer,
            area,
            bar: None,
            running: HashMap::new(),
            counter: StepCounter::default(),
            to_plan: HashSet::new(),
            to_apply: HashSet::new(),
            expected: HashMap::new(),
            round: None,
        }
    }

    fn start(&mut self, stack: &StackId, step: StepKind) {
        let bar = self.bar.take().unwrap_or_else(|| self.begin(step));
        let line = self.area.insert_before(&bar, ProgressBar::new_spinner());
        self.bar = Some(bar);
        line.set_style(
            ProgressStyle::with_template("{spinner} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        let text = match step {
            StepKind::Plan => "planning",
            StepKind::Apply => "applying",
        };
        self.running
            .insert(stack.clone(), RunningStep { line, since: Instant::now(), text: text.to_owned() });
        self.draw(stack);
    }

    /// Makes the progress bar for a round of plans or applies.
    fn begin(&mut self, step: StepKind) -> ProgressBar {
        let total = match step {
            StepKind::Plan => self.to_plan.len(),
            StepKind::Apply => self.to_apply.len(),
        };
        let bar = self.area.add(ProgressBar::new(total as u64));
        let template = "  {bar:24} {pos}/{len} {msg}";
        bar.set_style(
            ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━╸─"),
        );
        let done = match step {
            StepKind::Plan => "planned",
            StepKind::Apply => "applied",
        };
        let expected = self.expected.remove(&step);
        let round = self.round.insert(ProgressRound { done, since: Instant::now(), expected });
        bar.set_message(round.text(0.0));
        bar
    }

    fn draw(&self, stack: &StackId) {
        if let Some(running) = self.running.get(stack) {
            let elapsed = seconds(running.since.elapsed().as_secs_f64());
            let time = self.printer.err_styles().paint(Role::Dim, elapsed);
            running.line.set_message(format!(
                "{stack:width$}  {}  {time}",
                running.text,
                width = self.counter.width
            ));
            running.line.tick();
        }
    }

    /// Notes which step of a stack comes after one with this outcome.
    fn schedule(&mut self, stack: &StackId, outcome: &Outcome) {
        self.to_plan.remove(stack);
        self.to_apply.remove(stack);
        match outcome {
            Outcome::Changed(_) => drop(self.to_apply.insert(stack.clone())),
            Outcome::Deferred { .. } => drop(self.to_plan.insert(stack.clone())),
            outcome if outcome.is_beyond_confirmed() => drop(self.to_plan.insert(stack.clone())),
            _ => {}
        }
    }

    /// Removes a stack's line. A stack that did not finish its step is subtracted from the length of the bar.
    fn end(&mut self, stack: &StackId, counts: bool) {
        if let Some(running) = self.running.remove(stack) {
            running.line.finish_and_clear();
            self.area.remove(&running.line);
        }
        if let Some(bar) = &self.bar {
            if counts {
                bar.inc(1);
            } else {
                bar.set_length(bar.length().unwrap_or_default().saturating_sub(1));
            }
            if self.running.is_empty() && bar.length().is_some_and(|length| bar.position() >= length) {
                self.clear_bar();
            }
        }
    }

    /// Prints a message above the running steps.
    fn print(&self, message: &str) -> io::Result<()> {
        self.area.println(self.printer.wrapped(message))
    }

    fn clear(&mut self) -> io::Result<()> {
        for (_, running) in self.running.drain() {
            running.line.finish_and_clear();
        }
        self.clear_bar();
        self.area.clear()
    }

    fn clear_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.area.remove(&bar);
        }
    }
}

impl Consumer for TerminalReporter {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn consume(&mut self, event: &Event) -> io::Result<()> {
        self.counter.count(&event.kind);
        let (styles, width) = (self.printer.err_styles(), self.counter.width);
        match &event.kind {
            EventKind::RunStarted { stacks, .. } => {
                self.to_plan = stacks.iter().map(|stack| stack.stack.clone()).collect();
            }
            EventKind::Expected { step, expected } => {
                self.expected.extend(expected.seconds.map(|seconds| (*step, seconds)));
            }
            EventKind::StepStarted { stack, step } => self.start(stack, *step),
            EventKind::Progress { stack, text, .. } => {
                if let Some(running) = self.running.get_mut(stack) {
                    running.text.clone_from(text);
                }
                self.draw(stack);
            }
            EventKind::StepFinished(step) => {
                self.schedule(&step.stack, &step.outcome);
                let done = matches!(step.outcome, Outcome::Changed(_) | Outcome::Applied(_) | Outcome::Clean);
                self.end(&step.stack, done);
                self.print(&outcome_line::finished_line(step, width, styles))?;
                let lines = if self.printer.detail() >= Detail::Verbose {
                    step_text::with_engine_output(step, Detail::Verbose)?
                } else {
                    step_text::own_lines(step)
                };
                for line in lines {
                    self.print(&format!("    {line}"))?;
                }
            }
            EventKind::StackSkipped { stack, outcome } => {
                self.schedule(stack, outcome);
                self.end(stack, false);
                self.print(&outcome_line::skipped_line(stack.as_str(), outcome, width, styles))?;
                for line in step_text::refusal_details(outcome) {
                    self.print(&format!("    {line}"))?;
                }
            }
            EventKind::InterruptRequested { count, .. } => {
                self.print(interrupt_message(*count, self.running.len()))?;
            }
            EventKind::Reviewed { .. } | EventKind::Decided(_) | EventKind::RunFinished { .. } => {
                self.clear()?;
            }
            EventKind::WorkingTree(_)
            | EventKind::EngineStarted { .. }
            | EventKind::HookStarted { .. }
            | EventKind::HookEnded { .. } => {}
        }
        Ok(())
    }

    fn tick_every(&self) -> Option<Duration> {
        Some(Duration::from_millis(100))
    }

    fn tick(&mut self) -> io::Result<()> {
        for stack in self.running.keys() {
            self.draw(stack);
        }
        if let (Some(bar), Some(round)) = (&self.bar, &self.round) {
            bar.set_message(round.text(round.since.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.clear()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Changes, ui::Styles};

    #[test]
    fn the_bar_says_how_long_it_will_probably_take_still() {
        let round = ProgressRound { done: "planned", since: Instant::now(), expected: Some(65.5) };
        assert_eq!(round.text(0.0), "planned, about 1m 06s left");
        assert_eq!(round.text(64.9), "planned, about 1s left");
        assert_eq!(round.text(65.5), "planned, longer than usual");
        assert_eq!(ProgressRound { expected: None, ..round }.text(65.5), "planned");
    }

    #[test]
    fn the_bar_counts_neither_what_failed_nor_what_was_never_begun() {
        let styles = Styles::new(false);
        let sink = || (Box::new(io::sink()) as Box<dyn io::Write + Send>, styles);
        let printer = Printer::new(sink(), sink(), Detail::Normal, None);
        let mut terminal = TerminalReporter::new(Arc::new(printer));
        let stacks = ["a", "b", "c", "d"].map(|name| name.parse::<StackId>().unwrap());
        terminal.to_apply.extend(stacks.iter().cloned());
        terminal.start(&stacks[0], StepKind::Apply);
        terminal.start(&stacks[1], StepKind::Apply);
        terminal.end(&stacks[0], true);
        terminal.end(&stacks[3], false);
        let bar = terminal.bar.as_ref().unwrap();
        assert_eq!((bar.position(), bar.length()), (1, Some(3)));
    }

    #[test]
    fn the_bar_of_a_round_counts_the_stacks_that_are_left() {
        let styles = Styles::new(false);
        let sink = || (Box::new(io::sink()) as Box<dyn io::Write + Send>, styles);
        let mut terminal =
            TerminalReporter::new(Arc::new(Printer::new(sink(), sink(), Detail::Normal, None)));
        let [network, database, app] =
            ["network", "database", "app"].map(|name| name.parse::<StackId>().unwrap());
        terminal.to_plan = HashSet::from([network.clone(), database.clone(), app.clone()]);
        let changed = Outcome::Changed(Changes::default());
        terminal.schedule(&network, &changed);
        terminal.schedule(&database, &Outcome::Deferred { because: network.clone() });
        terminal.schedule(&app, &changed);
        assert_eq!(terminal.to_apply, HashSet::from([network.clone(), app.clone()]));
        terminal.schedule(&network, &Outcome::Applied(Changes::default()));
        terminal.schedule(&app, &Outcome::Applied(Changes::default()));
        terminal.start(&database, StepKind::Plan);
        assert_eq!(terminal.bar.as_ref().unwrap().length(), Some(1));
    }
}
