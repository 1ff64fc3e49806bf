//! Separation of an engine's own words from the output of the user's programs in its errors.

use super::stream_json::EngineDiagnostic;

/// Returns summaries and details as one text, without details that hold the output of the user's programs.
pub(in crate::engine) fn engine_words<'d>(
    diagnostics: impl IntoIterator<Item = &'d EngineDiagnostic>,
) -> String {
    let detail = |found: &'d EngineDiagnostic| if holds_program_output(found) { "" } else { &*found.detail };
    diagnostics.into_iter().flat_map(|found| [&*found.summary, "\n", detail(found), "\n"]).collect()
}

/// Returns true if the detail of a diagnostic holds the output of a program: a provisioner, or one of the provider
/// `external`.
///
/// Measured on OpenTofu 1.12.6 and Terraform 1.11.4: `local-exec provisioner error`, and likewise `file` and `remote-exec`.
fn holds_program_output(diagnostic: &EngineDiagnostic) -> bool {
    let summary = diagnostic.summary.trim();
    summary.ends_with("provisioner error") || summary == "External Program Execution Failed"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{Target, messages::failure::from_diagnostics},
        model::FailureKind,
    };

    #[test]
    fn the_output_of_a_program_decides_no_class_beside_what_an_engine_says() {
        let said = |summary: &str, detail: &str| EngineDiagnostic {
            severity: "error".to_owned(),
            summary: summary.to_owned(),
            detail: detail.to_owned(),
            address: Some("a.b".to_owned()),
            range: None,
            is_about_value: false,
        };
        let target = Target::sample("/p".into(), "a");
        let kind = |found: &[EngineDiagnostic]| from_diagnostics(found, &target).unwrap().kind;
        let external = said("External Program Execution Failed", "Error Message: 429 Too Many Requests");
        let remote = said("remote-exec provisioner error", "AccessDenied");
        assert_eq!(kind(std::slice::from_ref(&external)), FailureKind::Provider);
        assert_eq!(kind(&[remote, external.clone()]), FailureKind::Provider);
        assert_eq!(kind(&[external, said("creating queue", "AccessDenied")]), FailureKind::Auth);
    }
}
