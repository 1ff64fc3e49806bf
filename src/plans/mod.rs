//! Plans: the review over them, its digest, and whether a later plan is within what was confirmed.

mod digest;
mod review;
mod within;

pub use review::{Review, ReviewStack};
pub use within::beyond;
