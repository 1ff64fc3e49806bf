//! 6. An apply is never retried, never killed by a timeout.
