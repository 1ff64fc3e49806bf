//! 8. A crash loses nothing.

mod every_event;
mod gc;
mod hooks;
mod kill;
mod resume;
mod tentative;
mod turns;
mod typed;
mod units;
