//! Files that envctl cannot parse: the engine decides whether they are invalid.

use std::{cell::RefCell, collections::HashMap};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    engine::layout::JSON_UNIT_FILE,
    hcl::{JSON_SYNTAX_CODE, SYNTAX_CODE},
    inventory::SyntaxChecker,
    model::EngineName,
};

/// Code of the warning about a file that an engine can parse and envctl cannot.
pub(super) const UNUSUAL_CODE: &str = "hcl::unusual";

/// Verdicts of engines on files that envctl could not parse; one process per file and engine.
pub(super) struct SyntaxVerdicts<'a> {
    checker: Option<&'a dyn SyntaxChecker>,
    root: &'a Utf8Path,
    /// Verdicts so far, by file and engine: true if the engine can parse the file, or a text with the reason why it was not
    /// asked.
    verdicts: RefCell<HashMap<(Utf8PathBuf, EngineName), Result<bool, String>>>,
}

impl<'a> SyntaxVerdicts<'a> {
    /// Makes an empty cache; without a `checker` no engine may be started. Paths in findings are relative to `root`.
    pub(super) fn new(checker: Option<&'a dyn SyntaxChecker>, root: &'a Utf8Path) -> Self {
        Self { checker, root, verdicts: RefCell::default() }
    }

    /// Replaces the error that a file is invalid by a warning if the engine can parse it, or if no engine may be
    /// started. Returns all other findings unchanged.
    pub(super) fn judge(&self, engine: EngineName, problem: Diagnostic) -> Diagnostic {
        let Some(file) = problem.labels.first().map(|label| label.source.path().to_owned()) else {
            return problem;
        };
        let is_asked = match problem.code {
            // `fmt` refuses every JSON file except a Terragrunt unit, for which another command of Terragrunt is run.
            SYNTAX_CODE => file.extension() != Some("json") || file.file_name() == Some(JSON_UNIT_FILE),
            JSON_SYNTAX_CODE => self.checker.is_some(),
            _ => false,
        };
        if !is_asked {
            return problem;
        }
        let Some(checker) = self.checker else {
            let message = format!("envctl cannot parse `{file}`");
            let help = format!("`envctl check` asks {engine} whether the file is valid");
            return Diagnostic { code: UNUSUAL_CODE, severity: Severity::Warning, message, ..problem }
                .help(help);
        };
        let path = self.root.join(&file);
        let mut known = self.verdicts.borrow_mut();
        let verdict = known.entry((path.clone(), engine)).or_insert_with(|| checker.can_parse(engine, &path));
        match verdict {
            Ok(false) => problem,
            Ok(true) => {
                let message =
                    format!("envctl cannot parse `{file}`, which {engine} can: what it says is unknown here");
                Diagnostic { code: UNUSUAL_CODE, severity: Severity::Warning, message, ..problem }.help(
                    "its backend is compared after init, its links are not checked, and it gets all values",
                )
            }
            Err(reason) => problem.help(format!("{engine} could not be asked about the file: {reason}")),
        }
    }

    /// Judges several findings about files of one engine.
    pub(super) fn judge_all(&self, engine: EngineName, found: Diagnostics) -> Diagnostics {
        Diagnostics(found.into_iter().map(|problem| self.judge(engine, problem)).collect())
    }
}
