//! Policy of envctl for the workspace of an instance during its preparation.

/// Policy for the workspace of an instance: the cases in which envctl asks the engine if it exists, and the permission to
/// create it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WorkspacePolicy {
    /// True if envctl may create a missing workspace.
    pub(super) create: bool,
    /// Cases in which envctl asks the engine if the workspace exists.
    pub(super) lookup: WorkspaceLookup,
}

/// Cases in which envctl asks the engine if the workspace of an instance exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkspaceLookup {
    /// After an init, and if no state of the instance is known. If a state is known, later commands notice by the missing
    /// state that the workspace vanished.
    AfterInit,
    /// Before every command. A workspace that vanished although a state is known is created again only if the user accepts
    /// that.
    Always {
        /// True if the user accepts a vanished workspace.
        accept_lineage: bool,
    },
}
