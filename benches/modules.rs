//! Benchmarks of envctl's own work between two processes, module by module:
//! `cargo bench`, or `cargo bench -- schedule` for one.
//!
//! Whole commands, compared with the engines, git and Terragrunt: `scripts/bench`.

use std::{error::Error, fmt::Write as _, num::NonZeroUsize};

use camino::{Utf8Path, Utf8PathBuf};
use divan::{Bencher, black_box, counter::ItemsCount};
use envctl::{
    config::{Config, Overrides, PathPattern},
    engine::messages::stream_json,
    event::{Consumer as _, Event, EventKind, StepFinished, StepKind},
    executor::{Ending, Limits, Scheduler, Step},
    graph::{StackGraph, StackNode},
    inventory::{Inventory, Probe, discovery, load},
    journal::{Durations, Stopwatch, Task},
    model::{Clock as _, Outcome, StackId, SystemClock},
};

type Attempt<T> = Result<T, Box<dyn Error>>;

const SIZES: [usize; 3] = [1_000, 5_000, 10_000];

fn main() {
    divan::main();
}

/// Returns the indices of a stack's dependencies: groups of ten with a base, three that need it, and
/// six that need two of these.
fn needs(place: usize) -> Vec<usize> {
    let base = place - place % 10;
    match place % 10 {
        0 => {
            if base == 0 {
                vec![]
            } else {
                vec![0]
            }
        }
        1..4 => vec![base],
        in_group => vec![base + 1 + in_group % 3, base + 1 + (in_group + 1) % 3],
    }
}

fn name(place: usize) -> String {
    format!("s{place:05}")
}

fn stacks(count: usize) -> Attempt<Vec<StackNode>> {
    let stack = |place| name(place).parse::<StackId>();
    let node = |place| {
        let needs = needs(place).into_iter().map(stack).collect::<Result<_, _>>()?;
        Ok(StackNode { stack: stack(place)?, needs, tags: Vec::new() })
    };
    (0..count).map(node).collect()
}

fn environments_toml(count: usize) -> String {
    let mut text = "[project]\nname = \"estate\"\nengine = \"tofu\"\n\n[environments.dev]\n".to_owned();
    for place in 0..count {
        let needs: Vec<String> = needs(place).into_iter().map(name).collect();
        // Writing to a String cannot fail.
        let _ = write!(text, "\n[stacks.{0}]\npath = \"live/{0}\"\nneeds = {needs:?}\n", name(place));
    }
    text
}

/// Returns a folder with `count` stacks below `live/`.
fn estate(count: usize) -> Attempt<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for place in 0..count {
        let stack = folder.path().join("live").join(name(place));
        std::fs::create_dir_all(&stack)?;
        std::fs::write(stack.join("main.tf"), "resource \"terraform_data\" \"one\" {}\n")?;
    }
    Ok(folder)
}

/// Parses, resolves and validates the text of an environments.toml.
#[divan::bench(args = SIZES)]
fn parse(bencher: Bencher, count: usize) {
    let text = environments_toml(count);
    let path = Utf8Path::new("/estate/environments.toml");
    bencher.counter(ItemsCount::new(count)).bench(|| {
        Config::from_text(path, black_box(text.as_str()), &Overrides::default()).map(drop).map_err(drop)
    });
}

/// Loads the instances of an environment from a configuration, each with its engine and its place in the graph.
#[divan::bench(args = SIZES)]
fn resolve(bencher: Bencher, count: usize) {
    let prepared = estate(count).and_then(|folder| {
        let root = Utf8Path::from_path(folder.path()).ok_or("a path that is not UTF-8")?;
        let text = environments_toml(count);
        let (config, _) = Config::from_text(&root.join("environments.toml"), text, &Overrides::default())?;
        Ok((folder, config))
    });
    let (folder, config) = ready(prepared);
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| instances(&config).map(|found| found.instances().count()).ok());
    drop(folder);
}

fn instances(config: &Config) -> Attempt<Inventory> {
    let environment = config.environments().values().next().ok_or("no environment")?;
    let probe = Probe {
        on_path: &|_| true,
        earlier_engines: &|| None,
        units: None,
        stack_generator: None,
        syntax: None,
        cache_dir: Utf8Path::new("/nowhere"),
    };
    Ok(load(config, environment, &probe)?.0)
}

/// Builds a graph from a list of stacks, checks it for cycles, and sorts it.
#[divan::bench(args = SIZES)]
fn order(bencher: Bencher, count: usize) {
    let nodes = ready(stacks(count));
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| nodes.clone())
        .bench_values(|nodes| StackGraph::new(nodes).map(|graph| graph.order()).ok());
}

/// Schedules a whole round of successful steps, eight at the same time.
#[divan::bench(args = SIZES)]
fn schedule(bencher: Bencher, count: usize) {
    let steps: Vec<Step> = ready(stacks(count))
        .into_iter()
        .map(|node| Step::new(node.stack, StepKind::Plan, node.needs))
        .collect();
    let limits = Limits::jobs(NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN));
    bencher.counter(ItemsCount::new(count)).bench(|| {
        let mut scheduler = Scheduler::new(&steps, &limits).ok()?;
        let mut running = std::collections::VecDeque::new();
        while !scheduler.is_done() {
            while let Some(step) = scheduler.start_next() {
                running.push_back(step);
            }
            scheduler.finish(running.pop_front()?, Ending::Succeeded);
        }
        Some(scheduler)
    });
}

/// Reads the recorded durations of all stacks, as a run does at its start.
#[divan::bench(args = SIZES)]
fn durations(bencher: Bencher, count: usize) {
    let (folder, file) = ready(measured(count));
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| black_box(Durations::read(&file)).overall_median(Task::Plan));
    drop(folder);
}

/// Writes the durations of ten stacks among `count`, as a run does at its end.
#[divan::bench(args = SIZES)]
fn measure(bencher: Bencher, count: usize) {
    let (folder, file) = ready(measured(count));
    let ten = ready((0..10).map(finished).collect::<Attempt<Vec<_>>>());
    bencher.counter(ItemsCount::new(count)).bench(|| {
        let mut stopwatch = Stopwatch::new(file.clone(), false, false);
        ten.iter().try_for_each(|event| stopwatch.consume(event)).and_then(|()| stopwatch.finish())
    });
    drop(folder);
}

/// Returns a file with three plans and three applies of each stack.
fn measured(count: usize) -> Attempt<(tempfile::TempDir, Utf8PathBuf)> {
    let folder = tempfile::tempdir()?;
    let file = Utf8Path::from_path(folder.path()).ok_or("a path that is not UTF-8")?.join("dev.json");
    let mut text = "{\"format\":1,\"stacks\":{".to_owned();
    for place in 0..count {
        let comma = if place == 0 { "" } else { "," };
        let took = 500 + place % 700;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{comma}\"{}\":{{\"plan\":[{took},610,720],\"apply\":[1500,{took},1700]}}",
            name(place)
        );
    }
    std::fs::write(&file, text + "}}")?;
    Ok((folder, file))
}

/// Returns the event of a successful step.
fn finished(place: usize) -> Attempt<Event> {
    let step = StepFinished::new(name(place).parse()?, StepKind::Plan, Outcome::Clean);
    let step = StepFinished { duration: 0.6, processes: 1, ..step };
    Ok(Event { seq: 0, at: SystemClock.now(), kind: EventKind::StepFinished(Box::new(step)) })
}

/// Finds the folders that match a pattern.
#[divan::bench(args = SIZES)]
fn discover(bencher: Bencher, count: usize) {
    let folder = ready(estate(count));
    let root = ready(Utf8Path::from_path(folder.path()).ok_or("a path that is not UTF-8".into()));
    let pattern = ready(PathPattern::parse("live/<stack>").map_err(Into::into));
    let exclude = globset::GlobSet::empty();
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| discovery::find_stacks(root, &pattern, &exclude).map(|found| found.stacks.len()).ok());
}

/// Parses the lines of a plan's JSON stream.
#[divan::bench(args = SIZES)]
fn stream(bencher: Bencher, count: usize) {
    let lines: Vec<String> = (0..count).map(line).collect();
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| lines.iter().filter_map(|line| stream_json::parse(black_box(line))).count());
}

fn line(place: usize) -> String {
    let address = format!("module.network[\\\"eu-west-1\\\"].aws_subnet.private[{place}]");
    let (kind, hook) =
        if place.is_multiple_of(2) { ("planned_change", "change") } else { ("refresh_start", "hook") };
    format!(
        "{{\"@level\":\"info\",\"@message\":\"{address}: Plan to create\",\"@module\":\"tofu.ui\",\
         \"@timestamp\":\"2026-01-01T00:00:00.000000Z\",\"{hook}\":{{\"resource\":{{\"addr\":\"{address}\",\
         \"module\":\"module.network\",\"resource\":\"aws_subnet.private\",\"implied_provider\":\"aws\",\
         \"resource_type\":\"aws_subnet\",\"resource_name\":\"private\",\"resource_key\":{place}}},\
         \"action\":\"create\"}},\"type\":\"{kind}\"}}"
    )
}

/// Returns the input of a benchmark, or panics if it could not be created.
fn ready<T>(prepared: Attempt<T>) -> T {
    prepared.unwrap_or_else(|error| panic!("{error}"))
}
