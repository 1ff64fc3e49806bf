//! Origins of values: the layers of the configuration, and values with their origin.

use std::{fmt, ops::Range, sync::Arc};

/// Layer of the configuration; the variants are ordered from low to high.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Embedded defaults.
    Builtin,
    /// `[defaults]`
    Defaults,
    /// `[templates.NAME]`
    Template(Arc<str>),
    /// `[environments.NAME]`
    Environment(Arc<str>),
    /// `[stacks.NAME]`
    Stack(Arc<str>),
    /// `[stacks.NAME.in.ENV]`
    Instance(Arc<str>, Arc<str>),
    /// Variable of envctl's environment, `ENVCTL_*`.
    ProcessEnvironment(Arc<str>),
    /// Flag of the command line: `--set`, `--var`.
    Flag(Arc<str>),
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("built-in default"),
            Self::Defaults => f.write_str("[defaults]"),
            Self::Template(name) => write!(f, "[templates.{}]", quoted(name)),
            Self::Environment(name) => write!(f, "[environments.{}]", quoted(name)),
            Self::Stack(name) => write!(f, "[stacks.{}]", quoted(name)),
            Self::Instance(stack, environment) => {
                write!(f, "[stacks.{}.in.{}]", quoted(stack), quoted(environment))
            }
            Self::ProcessEnvironment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Formats a key for TOML: quoted unless all its characters are letters, digits, `-` and `_`.
pub(crate) fn quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { key.to_owned() } else { format!("{key:?}") }
}

/// Origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Layer that set the value.
    pub layer: Layer,
    /// Range of bytes in environments.toml; absent for layers that are not written there.
    pub span: Option<Range<usize>>,
}

/// Scope of a variable's value: a whole environment, or one stack.
///
/// A value for the environment that a stack does not declare is dropped with a note; one for the stack itself is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The value comes from the defaults, a template or the environment.
    Environment,
    /// The value comes from the stack, its instance, or the command line.
    Stack,
}

/// Value with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<T> {
    /// The value.
    pub value: T,
    /// Origin of the value.
    pub origin: Origin,
}

impl<T> Value<T> {
    /// Returns the scope that the origin gives the value.
    pub fn scope(&self) -> Scope {
        match self.origin.layer {
            Layer::Builtin | Layer::Defaults | Layer::Template(_) | Layer::Environment(_) => {
                Scope::Environment
            }
            Layer::Stack(_) | Layer::Instance(..) | Layer::ProcessEnvironment(_) | Layer::Flag(_) => {
                Scope::Stack
            }
        }
    }
}
