//! 4. Destruction needs to be named.
