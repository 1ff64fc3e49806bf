//! 7. Ctrl-C is safe.
