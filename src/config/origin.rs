//! Origins of values: the layers of the configuration, and values with their origin.

use std::{fmt, ops::Range, sync::Arc};

/// Layer of the configuration, which sets keys and overrides lower layers; the variants are ordered from low to high.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Defaults that are built into envctl (`defaults.toml`).
    Builtin,
    /// Table `[defaults]`.
    Defaults,
    /// Table `[templates.NAME]`, with its name.
    Template(Arc<str>),
    /// Table `[environments.NAME]`, with its name.
    Environment(Arc<str>),
    /// Table `[stacks.NAME]`, with its name.
    Stack(Arc<str>),
    /// Table `[stacks.NAME.in.ENV]`, with stack and environment.
    Instance(Arc<str>, Arc<str>),
    /// Variable `ENVCTL_*` of envctl's process, with its name.
    ProcessEnvironment(Arc<str>),
    /// Flag of the command line, with the key that it sets: `--set parallelism`.
    Flag(Arc<str>),
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("built-in default"),
            Self::Defaults => f.write_str("[defaults]"),
            Self::Template(name) => write!(f, "[templates.{}]", toml_key(name)),
            Self::Environment(name) => write!(f, "[environments.{}]", toml_key(name)),
            Self::Stack(name) => write!(f, "[stacks.{}]", toml_key(name)),
            Self::Instance(stack, environment) => {
                write!(f, "[stacks.{}.in.{}]", toml_key(stack), toml_key(environment))
            }
            Self::ProcessEnvironment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Formats a key for TOML: in quotes unless all its characters are letters, digits, `-` and `_`.
pub(crate) fn toml_key(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { key.to_owned() } else { format!("{key:?}") }
}

/// Origin of a value: the layer that set it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Layer that set the value.
    pub layer: Layer,
    /// Range of bytes in environments.toml; `None` for a layer that is not written there.
    pub span: Option<Range<usize>>,
}

/// Scope that the value of an HCL variable is set for: a whole environment, or one stack.
///
/// If a stack does not declare the variable, a value for the environment is dropped with a note, and a value for the stack
/// is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The value comes from the defaults, a template or the environment.
    Environment,
    /// The value comes from the stack, its instance, or the command line.
    Stack,
}

/// Value of a key with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<T> {
    /// Value as read or converted.
    pub value: T,
    /// Layer that set the value, and where.
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
