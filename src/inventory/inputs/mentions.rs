//! The paths that a file of HCL names, and where each of them starts.

use hcl_edit::{
    expr::{Expression, FuncCall},
    structure::Body,
    template::Template,
    visit::Visit,
};

use super::{
    flow::Variables,
    origin::{Origin, WRITTEN, begin, of_values},
    pieces::{Base, Piece, is_deep, push},
    sight::{Locals, Sight},
    words::{ends_path, is_relative_path, known_folder, may_be_file, words},
};

/// A path as a file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// Where it starts.
    pub(super) base: Base,
    /// What is written behind that.
    pub(super) path: String,
    /// What it is for.
    pub(super) aim: Aim,
}

/// What a path is mentioned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// It is the source of a module.
    Source,
    /// A function reads it.
    Read,
    /// A function reads what may lie deeper in it.
    ReadBelow,
    /// Whatever the provider makes of it.
    Other,
}

/// What a file says.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// The paths that it mentions.
    pub(super) mentions: Vec<Mention>,
    /// What it says of variables.
    pub(super) variables: Variables,
    /// Where it begins, if it is a single text.
    pub(super) origin: Origin,
}

impl Said {
    /// Returns what a file may say that cannot be parsed: it reads files and has sources that nobody here can tell.
    pub(super) fn unknown() -> Self {
        let mention = |aim| Mention { base: Base::Computed, path: String::new(), aim };
        Self { mentions: vec![mention(Aim::Source), mention(Aim::Read)], ..Self::default() }
    }

    /// Takes in what a part says.
    pub(super) fn extend(&mut self, part: Self) {
        self.mentions.extend(part.mentions);
        self.variables.read.extend(part.variables.read);
        self.variables.passed.extend(part.variables.passed);
        self.variables.defaults.extend(part.variables.defaults);
    }
}

/// What a string of JSON syntax is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The source of a module.
    Source,
    /// It says where a state lies.
    Place,
    /// Anything else.
    Other,
}

/// Collects what a file mentions. Where a state or another unit lies is no mention, but a file that says where it lies is
/// one.
pub(super) struct Mentions<'l> {
    said: Said,
    locals: &'l Locals,
    /// The kinds of the blocks that are open.
    open: Vec<String>,
    /// The label of the last block that was opened.
    variable: Option<String>,
    /// Names that stand for each item of a collection in turn.
    bound: Vec<(String, Expression)>,
    /// How many functions are open that make something else of a text.
    functions: usize,
    aim: Aim,
    /// Whether the source is that of a unit: it starts at the unit's folder, whichever file names it.
    of_unit: bool,
    /// Whether texts say where a state or another unit lies.
    in_place: bool,
}

impl<'l> Mentions<'l> {
    fn new(locals: &'l Locals) -> Self {
        Self {
            said: Said::default(),
            locals,
            open: Vec::new(),
            variable: None,
            bound: Vec::new(),
            functions: 0,
            aim: Aim::Other,
            of_unit: false,
            in_place: false,
        }
    }

    /// What a parsed file mentions, in a folder with these locals.
    pub(super) fn of(body: &Body, locals: &'l Locals) -> Said {
        let mut mentions = Self::new(locals);
        mentions.visit_body(body);
        mentions.said
    }

    /// What a string of JSON syntax mentions.
    pub(super) fn of_text(text: &str, role: Role, locals: &'l Locals) -> Said {
        let mut mentions = Self::new(locals);
        mentions.in_place = role == Role::Place;
        if role == Role::Source {
            mentions.aim = Aim::Source;
        }
        match text.parse::<Template>() {
            Ok(template) => {
                let pieces = mentions.sight().elements(template.iter());
                if role == Role::Source && is_computed(&pieces) {
                    mentions.note(Base::Computed, "");
                }
                mentions.said.origin = begin(&pieces);
                mentions.template(&pieces);
            }
            Err(_) => mentions.literal(text),
        }
        mentions.said
    }

    fn sight(&self) -> Sight<'_> {
        Sight { locals: self.locals, bound: &self.bound }
    }

    fn push(&mut self, base: Base, path: &str, aim: Aim) {
        self.said.mentions.push(Mention { base, path: path.to_owned(), aim });
    }

    fn note(&mut self, base: Base, path: &str) {
        self.push(base, path.trim_start_matches('/'), self.aim);
    }

    /// Where relative paths start.
    fn start(&self) -> Base {
        if self.aim == Aim::Source && !self.of_unit { Base::Own } else { Base::Stack }
    }

    /// A text of which all is known.
    fn literal(&mut self, text: &str) {
        if self.in_place {
            return;
        }
        let text = if self.aim == Aim::Source { local_source(text) } else { text };
        // Joined to any folder, an absolute path stays what it is.
        let is_absolute = text.len() > 1 && text.starts_with('/') && !text.contains(char::is_whitespace);
        let is_read = self.aim == Aim::Read && !text.is_empty();
        if is_absolute || is_read || is_relative_path(text) {
            self.push(self.start(), text, self.aim);
        }
        if self.aim != Aim::Source {
            self.words(text, text);
        }
    }

    /// The words of a text; `whole` was noted already.
    fn words(&mut self, text: &str, whole: &str) {
        for word in words(text) {
            if is_relative_path(word) && word != whole {
                self.push(Base::Stack, word, Aim::Other);
            }
            if may_be_file(word) {
                self.push(Base::Named, word, Aim::Other);
            }
        }
    }

    /// A template: each text in it belongs to the folder that stands before it up to the end of the word, and has words of
    /// its own behind that. Of a word that goes on with a value the folder is known.
    fn template(&mut self, pieces: &[Piece<'_>]) {
        if !self.in_place {
            let mut before = Before::Nothing;
            for (at, piece) in pieces.iter().enumerate() {
                let goes_on = at + 1 < pieces.len();
                match piece {
                    Piece::Text(text) if at == 0 && !goes_on => self.literal(text),
                    Piece::Text(text) => self.text(text, &before, goes_on),
                    Piece::Folder(base, up) => {
                        before = Before::Folder(*base, "/..".repeat(*up));
                        if let (Before::Folder(base, up), false) = (&before, goes_on) {
                            self.note(*base, up);
                        }
                    }
                    Piece::Value(..) | Piece::Directive(_) => before = Before::Value,
                }
            }
        }
        // What stands in the place of a value has texts of its own.
        let aim = std::mem::replace(&mut self.aim, Aim::Other);
        for piece in pieces {
            match piece {
                Piece::Value(Some(value), _) => self.visit_expr(value),
                Piece::Directive(directive) => self.visit_directive(directive),
                Piece::Value(None, _) | Piece::Text(_) | Piece::Folder(..) => {}
            }
        }
        self.aim = aim;
    }

    /// A text between values.
    fn text(&mut self, text: &str, before: &Before, goes_on: bool) {
        let is_read = [Aim::Read, Aim::ReadBelow].contains(&self.aim);
        let end = match before {
            Before::Nothing => 0,
            // A path that is read has no words.
            Before::Folder(..) | Before::Value if is_read => text.len(),
            Before::Folder(..) | Before::Value => text.find(ends_path).unwrap_or(text.len()),
        };
        let (first, rest) = text.split_at(end);
        if let Before::Folder(base, up) = before
            && (first.is_empty() || first.starts_with('/'))
        {
            if rest.is_empty() && goes_on {
                if let Some(folder) = known_folder(first) {
                    self.note(*base, &format!("{up}{folder}"));
                }
            } else {
                self.note(*base, &format!("{up}{first}"));
                if !goes_on && !rest.is_empty() && !first.is_empty() {
                    self.note(*base, &format!("{up}{text}"));
                }
            }
        }
        let cut = if is_read {
            0
        } else if goes_on {
            rest.rfind(ends_path).map_or(0, |at| at + 1)
        } else {
            rest.len()
        };
        let (known, last) = rest.split_at(cut);
        self.words(known, "");
        if let Some(folder) = known_folder(last).filter(|folder| is_relative_path(folder)) {
            let aim = if is_read { self.aim } else { Aim::Other };
            self.push(self.start(), folder, aim);
        }
    }

    /// What a function reads: its first argument, of which something has to be known.
    fn read(&mut self, call: &FuncCall) {
        let sight = Sight { locals: self.locals, bound: &self.bound.clone() };
        let mut pieces = call.args.get(0).map(|path| sight.pieces(path)).unwrap_or_default();
        let mut is_below = is_deep(&pieces);
        let mut rest = 1;
        if call.name.name.as_str() == "fileset"
            && let Some(pattern) = call.args.get(1)
        {
            // A folder whose name goes on with a value is not the one that is known.
            let is_open = |piece: &Piece<'_>| matches!(piece, Piece::Value(..) | Piece::Directive(_));
            is_below |= pieces.iter().skip(1).any(is_open);
            is_below |= under(&mut pieces, sight.pieces(pattern));
            rest = 2;
        }
        let (place, aim) = (self.in_place, self.aim);
        // What it is given is read: it is no place itself.
        self.in_place = false;
        self.aim = Aim::Read;
        match of_values(&pieces) {
            Some(sources) => self.said.variables.read.extend(sources),
            None => self.note(Base::Computed, ""),
        }
        if is_below {
            self.aim = Aim::ReadBelow;
        }
        self.template(&pieces);
        self.aim = Aim::Other;
        call.args.iter().skip(rest).for_each(|argument| self.visit_expr(argument));
        (self.in_place, self.aim) = (place, aim);
    }
}

/// What stands before a text in a template.
enum Before {
    Nothing,
    /// A known folder, and what leads up from it.
    Folder(Base, String),
    Value,
}

/// Adds the pattern of a `fileset` to its folder; whether files deeper than in a known folder may match.
fn under<'e>(pieces: &mut Vec<Piece<'e>>, pattern: Vec<Piece<'e>>) -> bool {
    let mut fixed = Vec::new();
    let mut is_below = false;
    let mut is_open = false;
    for piece in pattern {
        match piece {
            Piece::Text(text) if is_open => is_below |= text.contains('/') || text.contains("**"),
            Piece::Text(text) => match text.find(['*', '?', '[', '{']) {
                Some(at) => {
                    is_below |= text[at..].contains('/') || text[at..].contains("**");
                    is_open = true;
                    fixed.push(Piece::Text(text[..at].to_owned()));
                }
                None => fixed.push(Piece::Text(text)),
            },
            other => {
                is_open = true;
                fixed.push(other);
            }
        }
    }
    let folder = match fixed.first() {
        Some(Piece::Text(text)) => text.contains('/'),
        _ => false,
    };
    // What lies right in the folder counts with it.
    if folder || is_below || !is_open {
        push(pieces, Piece::Text("/".to_owned()));
        for piece in fixed {
            push(pieces, piece);
        }
        if is_open {
            pieces.push(Piece::Value(None, WRITTEN));
        }
    }
    is_below
}

/// Whether a function takes the path of what it reads first.
fn reads_path(function: &str) -> bool {
    function.starts_with("file")
        || ["templatefile", "read_terragrunt_config", "read_tfvars_file", "sops_decrypt_file"]
            .contains(&function)
}

/// Whether a function reads or runs what it is given otherwise; others only make texts of texts.
fn reads_files(function: &str) -> bool {
    ["mark_", "read_", "sops_"].iter().any(|prefix| function.starts_with(prefix)) || function == "run_cmd"
}

/// Whether nobody can tell by the text alone which folder a source means. An address of another kind than a path begins as
/// one.
fn is_computed(pieces: &[Piece<'_>]) -> bool {
    if let Some(Piece::Text(text)) = pieces.first()
        && !text.starts_with(['.', '/'])
    {
        return false;
    }
    !pieces.iter().all(|piece| matches!(piece, Piece::Text(_) | Piece::Folder(..)))
}

mod visiting;

/// Returns the path of a source that is a `file` URL, without its query, and any other source as it is.
fn local_source(source: &str) -> &str {
    let Some(path) = source.strip_prefix("file://") else { return source };
    path.split_once('?').map_or(path, |(path, _)| path)
}

#[cfg(test)]
mod tests;
