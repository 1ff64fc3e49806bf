//! Version of the journal's format.

/// Version of the journal's format, written into its first event.
pub const FORMAT: u32 = 1;
