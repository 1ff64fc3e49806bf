//! Terminal output: styles by role, tables, durations, plurals, and the two output streams.

mod count;
pub mod diagnostic;
mod disarmed;
mod duration;
mod printer;
mod shell_word;
mod style;
mod table;
mod visible;
mod wrap;

pub use count::Count;
pub use duration::{seconds, whole_seconds};
pub use printer::{BeforeWrite, Detail, Printer, Reader, SecretMask};
pub use shell_word::shell_word;
pub use style::{Role, Styles};
pub use table::{Align, Table};
pub use visible::{uncolored, visible};
pub use wrap::{clipped, wrapped};
