//! 10. Exit codes tell the truth.
