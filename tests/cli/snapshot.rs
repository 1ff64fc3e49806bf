//! Snapshots of runs: exit code and streams, without values that differ from run to run.

use regex::Regex;

use crate::support::{Project, Run};

/// Returns the run with folders, run ids, digests, times and durations replaced by placeholders.
pub(crate) fn snapshot(run: &Run, project: &Project) -> String {
    let mut shown = format!("exit code {}\n", run.code());
    for (name, stream) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        if !stream.is_empty() {
            shown.push_str(&format!("--- {name}\n{stream}"));
        }
    }
    text(&shown, project)
}

/// Replaces folders, run ids, digests, times and durations in a text by placeholders.
pub(crate) fn text(text: &str, project: &Project) -> String {
    let text = text.replace(&*project.root().to_string_lossy(), "[PROJECT]");
    let text = text.replace(&*project.around().to_string_lossy(), "[AROUND]");
    let patterns = [
        (r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "[RUN]"),
        (r"\bcommit (`?)[0-9a-f]{12}\b", "commit $1[COMMIT]"),
        (r"git: [0-9.]+", "git: [VERSION]"),
        (r"\breview [0-9a-f]{16}\b", "review [DIGEST]"),
        (r"\b[0-9a-f]{16}([0-9a-f]{48})?\b", "[DIGEST]"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z", "[TIME]"),
        (r"\b\d+(\.\d+)?(ms|s)\b", "[SECONDS]"),
        (r" +\n", "\n"),
    ];
    patterns.iter().fold(text, |text, (pattern, name)| {
        Regex::new(pattern).expect("a pattern of the tests").replace_all(&text, *name).into_owned()
    })
}
