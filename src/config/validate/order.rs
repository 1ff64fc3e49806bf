//! Order of the errors in a report.

use crate::diagnostic::{Diagnostic, Diagnostics};

/// Sorts errors by their position in the sources and removes duplicates: a template that ten environments use gives one error.
pub(crate) fn sort_errors(problems: &mut Diagnostics) {
    let position = |problem: &Diagnostic| {
        problem.labels.first().map(|label| (label.source.path().to_owned(), label.span.start))
    };
    problems.0.sort_by_cached_key(position);
    let mut seen: Vec<Diagnostic> = Vec::with_capacity(problems.0.len());
    for problem in problems.0.drain(..) {
        let repeated =
            seen.iter().rev().take_while(|earlier| position(earlier) == position(&problem)).any(|earlier| {
                earlier.code == problem.code && earlier.labels.first() == problem.labels.first()
            });
        if !repeated {
            seen.push(problem);
        }
    }
    problems.0 = seen;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn findings_follow_the_file_and_are_said_once() {
        let source = SourceFile::new("a.toml", "abc");
        let at = |code, start| Diagnostic::error(code, code).at(&source, start..start + 1, "");
        let mut problems = Diagnostics(vec![at("b", 1), at("a", 0), at("b", 1), at("c", 1)]);
        sort_errors(&mut problems);
        let codes: Vec<_> = problems.0.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["a", "b", "c"]);
    }
}
