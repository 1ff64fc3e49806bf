//! Transient failures: a retry of the same attempt may succeed.

use super::failure::{Persistence, patterns_of};
use crate::model::Failure;

/// Returns true if a failure is known to be transient.
///
/// Its text must match a transient pattern of `failure`, and no permanent one such as a lock, missing rights or a
/// broken file.
pub fn is_transient(failure: &Failure) -> bool {
    let text = format!("{}\n{}", failure.summary, failure.detail);
    let rows: Vec<_> = patterns_of(&text).collect();
    // A killed engine may have reported a transient error before; its work after that is unknown.
    rows.first().is_some_and(|row| row.persistence == Persistence::Transient && row.kind == failure.kind)
        && rows.iter().all(|row| row.persistence != Persistence::Permanent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    fn said(kind: FailureKind, summary: &str) -> bool {
        is_transient(&Failure::new(kind, summary).with_detail("More words.\nhttps://host:1: EOF"))
    }

    #[test]
    fn only_what_is_known_to_pass_passes() {
        assert!(said(FailureKind::Throttled, "ThrottlingException: Rate exceeded"));
        assert!(said(FailureKind::Network, "net/http: TLS handshake timeout"));
        assert!(said(FailureKind::Network, "could not connect to r: 503 Service Unavailable"));
        assert!(said(FailureKind::Network, "Failed to download module: bad response code: 503"));
        let lock = "Error acquiring the state lock\nError message: resource temporarily unavailable";
        let just_now = format!("{lock}\nopen .terraform.tfstate.lock.info: no such file or directory");
        assert!(said(FailureKind::Locked, &just_now), "whoever has it had no time to say so");
        assert!(said(FailureKind::Locked, &just_now.replace("open", "\t* open")), "as OpenTofu says it");
        assert!(!said(FailureKind::Locked, &format!("{lock}\nLock Info:\n  ID: x")));
        assert!(!said(FailureKind::Network, "dial tcp: connection refused"), "nobody listens there");
        assert!(
            !said(FailureKind::Network, "dial tcp: lookup s3.exmaple.com: no such host"),
            "a wrong name stays"
        );
        assert!(!said(
            FailureKind::Locked,
            "Error acquiring the state lock\nLock Info:\n  ID: x\ni/o timeout"
        ));
        assert!(!said(FailureKind::Auth, "StatusCode: 403, AccessDenied"));
        assert!(!said(FailureKind::Config, "Unsupported argument"));
        assert!(!said(FailureKind::Provider, "something else"));
    }

    #[test]
    fn something_that_stays_beside_something_that_passes_stays() {
        assert!(!said(FailureKind::Throttled, "Rate exceeded\nUnsupported argument"));
        assert!(!said(FailureKind::Engine, "`tofu plan` was killed by signal 9: Rate exceeded"));
    }
}
