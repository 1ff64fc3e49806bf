//! Policy of an init for the workspace of an instance.

/// Permission to create a missing workspace, and the cases in which it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WorkspacePolicy {
    /// True if a missing workspace is created.
    pub(super) create: bool,
    /// Cases in which the workspace is looked up.
    pub(super) look_up: LookUp,
}

/// Cases in which a workspace is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookUp {
    /// After an init, and if no state of the instance is known: later commands notice by a known state that the workspace
    /// vanished.
    AfterInit,
    /// Always; a workspace that vanished with a known state is created again only if that is accepted.
    Always {
        /// True if a vanished workspace is accepted.
        accept_lineage: bool,
    },
}
