//! Asks the user, on standard error, so that standard output stays data.

use std::io;

use dialoguer::{Confirm, Input, Select, console::Term, theme::SimpleTheme};

use crate::{
    commands::Picker,
    executor::{Answer, Ask, Prompter},
    ui::visible,
};

/// Asks on the terminal.
pub(super) struct Dialogue;

impl Prompter for Dialogue {
    fn ask(&self, ask: &Ask) -> io::Result<Answer> {
        match ask {
            Ask::YesNo { question } => Confirm::with_theme(&SimpleTheme)
                .with_prompt(visible(question))
                .default(false)
                .wait_for_newline(true)
                .interact_on(&Term::stderr())
                .map(|yes| if yes { Answer::Yes } else { Answer::No })
                .map_err(into_io),
            Ask::TypeName { question, .. } => Input::<String>::with_theme(&SimpleTheme)
                .with_prompt(visible(question))
                .allow_empty(true)
                .interact_on(&Term::stderr())
                .map(Answer::Typed)
                .map_err(into_io),
        }
    }

    fn abandoned(&self) {
        // The question was left in the middle of its line, possibly with the cursor hidden.
        let term = Term::stderr();
        drop(term.show_cursor().and_then(|()| term.write_line("")));
    }
}

impl Picker for Dialogue {
    fn pick(&self, question: &str, choices: &[String]) -> io::Result<Option<usize>> {
        Select::with_theme(&SimpleTheme)
            .with_prompt(question)
            .items(choices)
            .default(0)
            .interact_on_opt(&Term::stderr())
            .map_err(into_io)
    }
}

fn into_io(error: dialoguer::Error) -> io::Error {
    match error {
        dialoguer::Error::IO(error) => error,
    }
}
