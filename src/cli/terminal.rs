//! Facts about the standard streams: which of them are terminals, and which get colours.

use std::io::{self, IsTerminal};

use rustix::fs::{Stat, fstat};

use super::app::ColorChoice;
use crate::{
    run::TerminalInfo,
    ui::{Reader, Styles},
};

/// Properties of the standard streams, determined once.
pub(super) struct StreamProperties {
    /// Styles of standard output.
    pub(super) out: Styles,
    /// Styles of standard error.
    pub(super) err: Styles,
    /// Width of the terminal; `None` without one.
    pub(super) width: Option<usize>,
    /// Width at which messages are wrapped; `None` if standard error is no terminal.
    pub(super) message_width: Option<usize>,
    pub(super) reader: Reader,
    pub(super) terminal: TerminalInfo,
}

/// Returns the properties of the standard streams. `variable` reads envctl's environment; empty counts as unset.
pub(super) fn detect(
    color: ColorChoice,
    progress: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> StreamProperties {
    let err_tty = io::stderr().is_terminal();
    let out_tty = io::stdout().is_terminal();
    let dumb = variable("TERM").as_deref() == Some("dumb");
    let ci = variable("CI").is_some_and(|v| v != "false" && v != "0");
    let github = variable("GITHUB_ACTIONS").as_deref() == Some("true");
    let colors = |tty: bool| Styles::new(color_for(color, tty && !dumb, &variable));
    StreamProperties {
        out: colors(out_tty),
        err: colors(err_tty),
        width: if out_tty || err_tty { width() } else { None },
        message_width: if err_tty { width() } else { None },
        reader: if out_tty { Reader::Person } else { Reader::Program },
        terminal: TerminalInfo {
            interactive: io::stdin().is_terminal() && err_tty && !ci,
            shows_output: out_tty && is_same_device(),
            ci,
            live: progress && err_tty && !dumb && !ci,
            github,
        },
    }
}

/// Returns true if a stream gets colours: `--color` first, then `NO_COLOR`, then `CLICOLOR_FORCE`, then the terminal.
///
/// Sources: <https://no-color.org>, <https://bixense.com/clicolors>.
fn color_for(when: ColorChoice, tty: bool, variable: &impl Fn(&str) -> Option<String>) -> bool {
    match when {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if variable("NO_COLOR").is_some() => false,
        ColorChoice::Auto if variable("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
        ColorChoice::Auto => tty && variable("CLICOLOR").is_none_or(|v| v != "0"),
    }
}

/// Returns true if standard output and standard error are the same device.
fn is_same_device() -> bool {
    let device = |status: rustix::io::Result<Stat>| status.ok().map(|status| status.st_rdev);
    let (out, err) = (device(fstat(io::stdout())), device(fstat(io::stderr())));
    out.is_some() && out == err
}

fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr())
        .or_else(|_| rustix::termios::tcgetwinsize(io::stdout()))
        .ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_decided_by_flag_then_environment_then_terminal() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            move |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
        };
        assert!(color_for(ColorChoice::Auto, true, &with(&[])));
        assert!(!color_for(ColorChoice::Auto, false, &with(&[])));
        assert!(!color_for(ColorChoice::Auto, true, &with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")])));
        assert!(color_for(ColorChoice::Auto, false, &with(&[("CLICOLOR_FORCE", "1")])));
        assert!(color_for(ColorChoice::Always, false, &with(&[("NO_COLOR", "1")])));
        assert!(!color_for(ColorChoice::Never, true, &with(&[])));
    }
}
