//! 11. Bad input gets a clear error, at its place, and nothing is changed.
