//! Text of a run for snapshots, without values that differ from run to run.

use std::path::Path;

use regex::Regex;

use super::Run;

impl Run {
    /// Returns exit code, standard output and standard error with folders, run ids, digests, times and durations
    /// replaced by placeholders.
    pub(crate) fn snapshot(&self) -> String {
        let mut shown = format!("exit code {}\n", self.code());
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                shown.push_str(&format!("--- {name}\n{stream}"));
            }
        }
        // A terminal shows line feeds as `\r\n`.
        redacted(&shown.replace("\r\n", "\n"), &self.around)
    }
}

/// Replaces folders, run ids, digests, times and durations in a text by placeholders.
pub(crate) fn redacted(text: &str, around: &Path) -> String {
    let text = text.replace(&*around.join("project").to_string_lossy(), "[PROJECT]");
    let text = text.replace(&*around.to_string_lossy(), "[AROUND]");
    let patterns = [
        (r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "[RUN]"),
        (r"\bcommit (`?)[0-9a-f]{12}\b", "commit $1[COMMIT]"),
        (r"\bfake-[0-9a-f]{16}-\d+", "[LINEAGE]"),
        (r"\b[0-9a-f]{12}\b", "[HASH]"),
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
