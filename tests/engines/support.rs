//! Support that this suite shares with the others.

#[path = "../support/programs.rs"]
pub(crate) mod programs;
#[path = "../support/registry.rs"]
pub(crate) mod registry;
#[path = "../support/script.rs"]
pub(crate) mod script;
