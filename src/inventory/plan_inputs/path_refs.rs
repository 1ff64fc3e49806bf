//! Path references in a configuration file, each with the folder that it starts from.

use hcl_edit::{
    expr::{Expression, FuncCall},
    structure::Body,
    template::Template,
    visit::Visit,
};

use super::{
    eval_scope::{EvalScope, Locals},
    variable_flow::Variables,
    words::{ends_path, is_relative_path, known_folder, may_be_file, words},
};
use crate::hcl::eval::{
    Origin, PathBase, PathSegment, WRITTEN, is_deep, origin_of_text, origin_of_values, push,
};

/// Reference to a path in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathRef {
    /// Folder that the path starts from.
    pub(super) base: PathBase,
    /// Path as written, without the part that names the folder; may be absolute.
    pub(super) path: String,
    /// Purpose of the reference.
    pub(super) aim: RefKind,
}

/// Purpose of a path reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefKind {
    /// Source of a module.
    Source,
    /// File that a function such as `file` reads.
    Read,
    /// Folder in which a function may read files at any depth.
    ReadBelow,
    /// Text whose use is up to the provider, such as the argument of a resource.
    Other,
}

/// Path references and variable uses of one configuration file.
#[derive(Debug, Clone, Default)]
pub(super) struct FileRefs {
    /// Path references in the file.
    pub(super) mentions: Vec<PathRef>,
    /// Variables that the file reads, passes or gives a default.
    pub(super) variables: Variables,
    /// Sources of the text; present only for a single string of JSON syntax (`Mentions::of_text`).
    pub(super) origin: Origin,
}

impl FileRefs {
    /// Returns the references of a file that cannot be parsed: a module source and a read file, both at unknown paths.
    pub(super) fn unknown() -> Self {
        let mention = |aim| PathRef { base: PathBase::Computed, path: String::new(), aim };
        Self { mentions: vec![mention(RefKind::Source), mention(RefKind::Read)], ..Self::default() }
    }

    /// Adds the references and variable uses of a part of the file.
    pub(super) fn extend(&mut self, part: Self) {
        self.mentions.extend(part.mentions);
        self.variables.read.extend(part.variables.read);
        self.variables.passed.extend(part.variables.passed);
        self.variables.defaults.extend(part.variables.defaults);
    }
}

/// Role of a string in a configuration file of JSON syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Source of a module.
    Source,
    /// Setting of a backend: the location of a state.
    Place,
    /// Any other string.
    Other,
}

/// Visitor that collects the path references of a file. The location of a state or of another unit is no reference, but a
/// file that is read to compute this location is one.
pub(super) struct Mentions<'l> {
    said: FileRefs,
    locals: &'l Locals,
    /// Types of the enclosing blocks, outermost first.
    open: Vec<String>,
    /// First label of the innermost enclosing block: the name in a `variable` block.
    variable: Option<String>,
    /// Iteration variables with their collections; the innermost last.
    bound: Vec<(String, Expression)>,
    /// Number of enclosing function calls that are not evaluated here.
    functions: usize,
    aim: RefKind,
    /// True inside the source of a Terragrunt unit, which is relative to the unit's folder even in an included file.
    of_unit: bool,
    /// True inside the location of a state or of another unit.
    in_place: bool,
}

impl<'l> Mentions<'l> {
    fn new(locals: &'l Locals) -> Self {
        Self {
            said: FileRefs::default(),
            locals,
            open: Vec::new(),
            variable: None,
            bound: Vec::new(),
            functions: 0,
            aim: RefKind::Other,
            of_unit: false,
            in_place: false,
        }
    }

    /// Collects the references of a parsed file in a module with these locals.
    pub(super) fn of(body: &Body, locals: &'l Locals) -> FileRefs {
        let mut mentions = Self::new(locals);
        mentions.visit_body(body);
        mentions.said
    }

    /// Collects the references of a string of JSON syntax, which is a template.
    pub(super) fn of_text(text: &str, role: Role, locals: &'l Locals) -> FileRefs {
        let mut mentions = Self::new(locals);
        mentions.in_place = role == Role::Place;
        if role == Role::Source {
            mentions.aim = RefKind::Source;
        }
        match text.parse::<Template>() {
            Ok(template) => {
                let pieces = mentions.sight().elements(template.iter());
                if role == Role::Source && is_computed(&pieces) {
                    mentions.note(PathBase::Computed, "");
                }
                mentions.said.origin = origin_of_text(&pieces);
                mentions.template(&pieces);
            }
            Err(_) => mentions.literal(text),
        }
        mentions.said
    }

    fn sight(&self) -> EvalScope<'_> {
        EvalScope { locals: self.locals, bound: &self.bound }
    }

    fn push(&mut self, base: PathBase, path: &str, aim: RefKind) {
        self.said.mentions.push(PathRef { base, path: path.to_owned(), aim });
    }

    fn note(&mut self, base: PathBase, path: &str) {
        self.push(base, path.trim_start_matches('/'), self.aim);
    }

    /// Returns the folder that relative paths start from.
    fn start(&self) -> PathBase {
        if self.aim == RefKind::Source && !self.of_unit { PathBase::Own } else { PathBase::Stack }
    }

    /// Adds the references in a text without interpolations.
    fn literal(&mut self, text: &str) {
        if self.in_place {
            return;
        }
        let text = if self.aim == RefKind::Source { local_source(text) } else { text };
        // Joining any folder with an absolute path yields the absolute path.
        let is_absolute = text.len() > 1 && text.starts_with('/') && !text.contains(char::is_whitespace);
        let is_read = self.aim == RefKind::Read && !text.is_empty();
        if is_absolute || is_read || is_relative_path(text) {
            self.push(self.start(), text, self.aim);
        }
        if self.aim != RefKind::Source {
            self.words(text, text);
        }
    }

    /// Adds the words of a text that may be paths. `whole` is the text that was added as a path before.
    fn words(&mut self, text: &str, whole: &str) {
        for word in words(text) {
            if is_relative_path(word) && word != whole {
                self.push(PathBase::Stack, word, RefKind::Other);
            }
            if may_be_file(word) {
                self.push(PathBase::Named, word, RefKind::Other);
            }
        }
    }

    /// Adds the references in a template. A text continues the path of the folder before it up to the end of the word; the
    /// rest is searched for words that are paths. If a word continues with a value, only its folder is known.
    fn template(&mut self, pieces: &[PathSegment<'_>]) {
        if !self.in_place {
            let mut before = Before::Nothing;
            for (at, piece) in pieces.iter().enumerate() {
                let goes_on = at + 1 < pieces.len();
                match piece {
                    PathSegment::Text(text) if at == 0 && !goes_on => self.literal(text),
                    PathSegment::Text(text) => self.text(text, &before, goes_on),
                    PathSegment::Folder(base, up) => {
                        before = Before::Folder(*base, "/..".repeat(*up));
                        if let (Before::Folder(base, up), false) = (&before, goes_on) {
                            self.note(*base, up);
                        }
                    }
                    PathSegment::Value(..) | PathSegment::Directive(_) => before = Before::Value,
                }
            }
        }
        // The expression of a value may hold texts of its own.
        let aim = std::mem::replace(&mut self.aim, RefKind::Other);
        for piece in pieces {
            match piece {
                PathSegment::Value(Some(value), _) => self.visit_expr(value),
                PathSegment::Directive(directive) => self.visit_directive(directive),
                PathSegment::Value(None, _) | PathSegment::Text(_) | PathSegment::Folder(..) => {}
            }
        }
        self.aim = aim;
    }

    /// Adds the references in one text segment. `before` is the segment before it; `goes_on` is true if another one follows.
    fn text(&mut self, text: &str, before: &Before, goes_on: bool) {
        let is_read = [RefKind::Read, RefKind::ReadBelow].contains(&self.aim);
        let end = match before {
            Before::Nothing => 0,
            // The argument of a reading function is one path, whatever characters it has.
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
            let aim = if is_read { self.aim } else { RefKind::Other };
            self.push(self.start(), folder, aim);
        }
    }

    /// Adds the path that a function reads: the first argument, and for `fileset` the pattern too.
    fn read(&mut self, call: &FuncCall) {
        let sight = EvalScope { locals: self.locals, bound: &self.bound.clone() };
        let mut pieces = call.args.get(0).map(|path| sight.pieces(path)).unwrap_or_default();
        let mut is_below = is_deep(&pieces);
        let mut rest = 1;
        if call.name.name.as_str() == "fileset"
            && let Some(pattern) = call.args.get(1)
        {
            // If a value follows in the folder's path, the folder lies below the known beginning.
            let is_open =
                |piece: &PathSegment<'_>| matches!(piece, PathSegment::Value(..) | PathSegment::Directive(_));
            is_below |= pieces.iter().skip(1).any(is_open);
            is_below |= under(&mut pieces, sight.pieces(pattern));
            rest = 2;
        }
        let (place, aim) = (self.in_place, self.aim);
        // The argument names a file to read, not the location of a state.
        self.in_place = false;
        self.aim = RefKind::Read;
        match origin_of_values(&pieces) {
            Some(sources) => self.said.variables.read.extend(sources),
            None => self.note(PathBase::Computed, ""),
        }
        if is_below {
            self.aim = RefKind::ReadBelow;
        }
        self.template(&pieces);
        self.aim = RefKind::Other;
        call.args.iter().skip(rest).for_each(|argument| self.visit_expr(argument));
        (self.in_place, self.aim) = (place, aim);
    }
}

/// Segment before a text in a template.
enum Before {
    Nothing,
    /// Known folder, and the `/..` that lead up from it.
    Folder(PathBase, String),
    Value,
}

/// Appends the pattern of a `fileset` to the segments of its folder. Returns true if files in subfolders may match.
fn under<'e>(pieces: &mut Vec<PathSegment<'e>>, pattern: Vec<PathSegment<'e>>) -> bool {
    let mut fixed = Vec::new();
    let mut is_below = false;
    let mut is_open = false;
    for piece in pattern {
        match piece {
            PathSegment::Text(text) if is_open => is_below |= text.contains('/') || text.contains("**"),
            PathSegment::Text(text) => match text.find(['*', '?', '[', '{']) {
                Some(at) => {
                    is_below |= text[at..].contains('/') || text[at..].contains("**");
                    is_open = true;
                    fixed.push(PathSegment::Text(text[..at].to_owned()));
                }
                None => fixed.push(PathSegment::Text(text)),
            },
            other => {
                is_open = true;
                fixed.push(other);
            }
        }
    }
    let folder = match fixed.first() {
        Some(PathSegment::Text(text)) => text.contains('/'),
        _ => false,
    };
    // A pattern for files directly in the folder adds nothing: they are inputs with the folder.
    if folder || is_below || !is_open {
        push(pieces, PathSegment::Text("/".to_owned()));
        for piece in fixed {
            push(pieces, piece);
        }
        if is_open {
            pieces.push(PathSegment::Value(None, WRITTEN));
        }
    }
    is_below
}

/// Returns true if the first argument of a function is the path of the file that it reads.
fn reads_path(function: &str) -> bool {
    function.starts_with("file")
        || ["templatefile", "read_terragrunt_config", "read_tfvars_file", "sops_decrypt_file"]
            .contains(&function)
}

/// Returns true if a function reads or runs its arguments in another way; all remaining functions only compute values.
fn reads_files(function: &str) -> bool {
    ["mark_", "read_", "sops_"].iter().any(|prefix| function.starts_with(prefix)) || function == "run_cmd"
}

/// Returns true if only the engine can compute the folder that a source names. A source that starts as another kind of
/// address (`git::${var.x}`) names no folder.
fn is_computed(pieces: &[PathSegment<'_>]) -> bool {
    if let Some(PathSegment::Text(text)) = pieces.first()
        && !text.starts_with(['.', '/'])
    {
        return false;
    }
    !pieces.iter().all(|piece| matches!(piece, PathSegment::Text(_) | PathSegment::Folder(..)))
}

mod visiting;

/// Returns the path of a source that is a `file` URL, without its query, and any other source as it is.
fn local_source(source: &str) -> &str {
    let Some(path) = source.strip_prefix("file://") else { return source };
    path.split_once('?').map_or(path, |(path, _)| path)
}

#[cfg(test)]
mod tests;
