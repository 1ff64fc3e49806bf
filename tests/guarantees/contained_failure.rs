//! 5. Failure stays contained.
