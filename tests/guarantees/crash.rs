//! 8. A crash loses nothing.

mod turns;
