//! Names of the engines. The abilities of each are in `engine/`.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Program that envctl drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    /// OpenTofu.
    Tofu,
    /// HashiCorp Terraform.
    Terraform,
    /// Terragrunt, which drives one of the other two.
    Terragrunt,
}

/// Error for a text that names no engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an engine: `tofu`, `terraform` or `terragrunt`")]
pub struct UnknownEngine(String);

impl EngineName {
    /// All engines, in the order in which lists show them.
    pub const ALL: [Self; 3] = [Self::Tofu, Self::Terraform, Self::Terragrunt];

    /// Returns the name of the program, which is also its table in environments.toml.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tofu => "tofu",
            Self::Terraform => "terraform",
            Self::Terragrunt => "terragrunt",
        }
    }

    /// Returns the product name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tofu => "OpenTofu",
            Self::Terraform => "Terraform",
            Self::Terragrunt => "Terragrunt",
        }
    }

    /// Returns the index in [`ALL`](Self::ALL).
    pub fn index(self) -> usize {
        match self {
            Self::Tofu => 0,
            Self::Terraform => 1,
            Self::Terragrunt => 2,
        }
    }

    /// Returns true if the engine runs another engine instead of planning and applying itself.
    pub fn drives_another(self) -> bool {
        self == Self::Terragrunt
    }

    /// Returns the engines that another engine can run.
    pub fn driven() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|engine| !engine.drives_another())
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EngineName {
    type Err = UnknownEngine;

    fn from_str(text: &str) -> Result<Self, UnknownEngine> {
        Self::ALL.into_iter().find(|e| e.as_str() == text).ok_or_else(|| UnknownEngine(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_knows_its_place_and_its_name() {
        for (index, engine) in EngineName::ALL.into_iter().enumerate() {
            assert_eq!(engine.index(), index);
            assert_eq!(engine.as_str().parse(), Ok(engine));
        }
        assert_eq!(
            EngineName::driven().map(EngineName::title).collect::<Vec<_>>(),
            ["OpenTofu", "Terraform"]
        );
    }
}
