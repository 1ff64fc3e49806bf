//! 8. A crash loses nothing.
