//! Plans: the review over them, its digest, the guards, and whether a later plan is within what was confirmed.

mod digest;
pub mod guards;
mod review;
mod within;

pub use review::{Review, ReviewStack};
pub use within::beyond;
