//! Where a value came from: the layers of environments.toml, and values that remember theirs.

use std::{fmt, ops::Range, sync::Arc};

/// One layer of the file, from low to high.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The embedded defaults.
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
    /// An `ENVCTL_*` variable of the process's environment.
    ProcessEnvironment(Arc<str>),
    /// A flag of the command line: `--set`, `--var`.
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

/// A key as TOML wants it: quoted unless it is made of letters, digits, `-` and `_` alone.
pub(crate) fn quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { key.to_owned() } else { format!("{key:?}") }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: Layer,
    /// Bytes in environments.toml, for the layers that are written there.
    pub span: Option<Range<usize>>,
}

/// Whether a value was meant for a whole environment or for this very stack.
///
/// A value for the environment that a stack does not declare is dropped with a note; one for the stack itself is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Set in defaults, a template or the environment.
    Environment,
    /// Set in the stack, its instance, or on the command line.
    Stack,
}

/// A value with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Value<T> {
    /// Whether it was meant for a whole environment or for this very stack.
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
