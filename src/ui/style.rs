//! Styles by role: code says what a text is, never which colour it has.

use anstyle::{AnsiColor, Style};

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The word `error:` and failed things.
    Error,
    /// The word `warning:` and things that want a look.
    Warning,
    /// The word `hint:`.
    Hint,
    /// Done, green.
    Success,
    /// Something would be made.
    Create,
    /// Something would change in place.
    Update,
    /// Something would be lost.
    Delete,
    /// A heading of a table or a section.
    Heading,
    /// What one may skip.
    Dim,
    /// An environment that needs no confirmation.
    Environment,
    /// An environment that does.
    Protected,
}

/// Whether roles get colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Styles {
    color: bool,
}

impl Styles {
    /// Styles with or without colour.
    pub fn new(color: bool) -> Self {
        Self { color }
    }

    /// Whether there is colour.
    pub fn color(self) -> bool {
        self.color
    }

    /// A text in its role.
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
