//! 8. A crash loses nothing.

mod every_event;
mod kill;
mod resume;
mod turns;
