//! Styles by role: callers name the role of a text, and this module chooses the colour.

use anstyle::{AnsiColor, Style};

/// Role of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The word `error:` and failures.
    Error,
    /// The word `warning:` and states that need attention.
    Warning,
    /// The word `hint:`.
    Hint,
    /// Successful result.
    Success,
    /// Object that would be created.
    Create,
    /// Object that would be changed in place.
    Update,
    /// Object that would be lost.
    Delete,
    /// Heading of a table or a section.
    Heading,
    /// Text of minor importance.
    Dim,
    /// Name of an environment that needs no confirmation.
    Environment,
    /// Name of an environment that needs a confirmation.
    Protected,
}

/// Formatter of roles, with or without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Styles {
    color: bool,
}

impl Styles {
    /// Makes styles with or without colour.
    pub fn new(color: bool) -> Self {
        Self { color }
    }

    /// Returns true if roles are coloured.
    pub fn color(self) -> bool {
        self.color
    }

    /// Formats a text in the style of a role.
    pub fn paint(self, role: Role, text: impl std::fmt::Display) -> String {
        if !self.color {
            return text.to_string();
        }
        let style = style(role);
        format!("{style}{text}{style:#}")
    }
}

fn style(role: Role) -> Style {
    let plain = Style::new();
    match role {
        Role::Error | Role::Protected => plain.bold().fg_color(Some(AnsiColor::Red.into())),
        Role::Warning => plain.bold().fg_color(Some(AnsiColor::Yellow.into())),
        Role::Hint => plain.bold().fg_color(Some(AnsiColor::Cyan.into())),
        Role::Success | Role::Create => plain.fg_color(Some(AnsiColor::Green.into())),
        Role::Update => plain.fg_color(Some(AnsiColor::Yellow.into())),
        Role::Delete => plain.fg_color(Some(AnsiColor::Red.into())),
        Role::Heading => plain.bold(),
        Role::Dim => plain.dimmed(),
        Role::Environment => plain.bold().fg_color(Some(AnsiColor::Blue.into())),
    }
}
