//! Names of the files in an instance's folder that record its last known state.

/// File in an instance's folder that holds the lineage of its last known state.
pub(super) const LINEAGE: &str = "lineage";

/// File in an instance's folder that holds serial and address of its last known state.
pub(super) const RECORD: &str = "last-state.json";
