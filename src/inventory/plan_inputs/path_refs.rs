//! Path references in a configuration file, each with the folder that it starts from.

use hcl_edit::{
    expr::{Expression, FuncCall},
    structure::Body,
    template::Template,
    visit::Visit,
};

use super::{
    eval_scope::{EvalScope, Locals},
    variable_flow::VariableUses,
    words::{ends_path, is_relative_path, known_folder, may_be_file, words},
};
use crate::hcl::eval::{
    LITERAL, PathBase, PathSegment, TextOrigin, may_be_in_subfolder, origin_of_text, origin_of_values, push,
};

/// Reference to a path in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathRef {
    /// Folder that the path starts from.
    pub(super) base: PathBase,
    /// Path as written, without the part that names the folder; may be absolute.
    pub(super) path: String,
    /// Purpose of the reference.
    pub(super) kind: RefKind,
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
    pub(super) refs: Vec<PathRef>,
    /// Variables that the file reads, passes or gives a default.
    pub(super) variables: VariableUses,
    /// Literals and variables that the text of a JSON string is made of (`RefCollector::collect_from_text`); `None` for a
    /// whole file.
    pub(super) origin: TextOrigin,
}

impl FileRefs {
    /// Returns the references of a file that cannot be parsed: a module source and a read file, both at unknown paths.
    pub(super) fn unknown() -> Self {
        let path_ref = |kind| PathRef { base: PathBase::Computed, path: String::new(), kind };
        Self { refs: vec![path_ref(RefKind::Source), path_ref(RefKind::Read)], ..Self::default() }
    }

    /// Adds the references and variable uses of a part of the file.
    pub(super) fn extend(&mut self, part: Self) {
        self.refs.extend(part.refs);
        self.variables.path_sources.extend(part.variables.path_sources);
        self.variables.arguments.extend(part.variables.arguments);
        self.variables.defaults.extend(part.variables.defaults);
    }
}

/// Role of a string in a configuration file of JSON syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonStringRole {
    /// Source of a module.
    Source,
    /// Setting of a backend: the location of a state.
    StateLocation,
    /// Any other string.
    Other,
}

/// Visitor that collects the path references of a file. The location of a state or of another unit is no reference, but a
/// file that is read to compute this location is one.
pub(super) struct RefCollector<'l> {
    file_refs: FileRefs,
    locals: &'l Locals,
    /// Types of the enclosing blocks, outermost first.
    enclosing_blocks: Vec<String>,
    /// First label of the innermost enclosing block: the name in a `variable` block.
    variable: Option<String>,
    /// Iteration variables with their collections; the innermost last.
    iteration_variables: Vec<(String, Expression)>,
    /// Number of enclosing function calls that are not evaluated here.
    call_depth: usize,
    /// Purpose of the paths in the expression that is being visited.
    kind: RefKind,
    /// True inside the source of a Terragrunt unit, which is relative to the unit's folder even in an included file.
    in_unit_source: bool,
    /// True inside the location of a state or of another unit.
    in_location: bool,
}

impl<'l> RefCollector<'l> {
    fn new(locals: &'l Locals) -> Self {
        Self {
            file_refs: FileRefs::default(),
            locals,
            enclosing_blocks: Vec::new(),
            variable: None,
            iteration_variables: Vec::new(),
            call_depth: 0,
            kind: RefKind::Other,
            in_unit_source: false,
            in_location: false,
        }
    }

    /// Collects the references of a parsed file in a module with these locals.
    pub(super) fn collect(body: &Body, locals: &'l Locals) -> FileRefs {
        let mut refs = Self::new(locals);
        refs.visit_body(body);
        refs.file_refs
    }

    /// Collects the references of a string of JSON syntax, which is a template.
    pub(super) fn collect_from_text(text: &str, role: JsonStringRole, locals: &'l Locals) -> FileRefs {
        let mut refs = Self::new(locals);
        refs.in_location = role == JsonStringRole::StateLocation;
        if role == JsonStringRole::Source {
            refs.kind = RefKind::Source;
        }
        match text.parse::<Template>() {
            Ok(template) => {
                let segments = refs.scope().template_segments(template.iter());
                if role == JsonStringRole::Source && is_computed(&segments) {
                    refs.push_below(PathBase::Computed, "");
                }
                refs.file_refs.origin = origin_of_text(&segments);
                refs.add_template(&segments);
            }
            Err(_) => refs.add_literal(text),
        }
        refs.file_refs
    }

    fn scope(&self) -> EvalScope<'_> {
        EvalScope { locals: self.locals, iteration_variables: &self.iteration_variables }
    }

    fn push(&mut self, base: PathBase, path: &str, kind: RefKind) {
        self.file_refs.refs.push(PathRef { base, path: path.to_owned(), kind });
    }

    /// Adds a reference to a path below a folder, for the current purpose.
    fn push_below(&mut self, base: PathBase, path: &str) {
        self.push(base, path.trim_start_matches('/'), self.kind);
    }

    /// Returns the folder that relative paths start from.
    fn relative_base(&self) -> PathBase {
        if self.kind == RefKind::Source && !self.in_unit_source { PathBase::Own } else { PathBase::Stack }
    }

    /// Adds the references in a text without interpolations.
    fn add_literal(&mut self, text: &str) {
        if self.in_location {
            return;
        }
        let text = if self.kind == RefKind::Source { local_source(text) } else { text };
        // Joining any folder with an absolute path yields the absolute path.
        let is_absolute = text.len() > 1 && text.starts_with('/') && !text.contains(char::is_whitespace);
        let is_read = self.kind == RefKind::Read && !text.is_empty();
        if is_absolute || is_read || is_relative_path(text) {
            self.push(self.relative_base(), text, self.kind);
        }
        if self.kind != RefKind::Source {
            self.add_words(text, text);
        }
    }

    /// Adds the words of a text that may be paths. `whole` is the text that was added as a path before.
    fn add_words(&mut self, text: &str, whole: &str) {
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
    fn add_template(&mut self, segments: &[PathSegment<'_>]) {
        if !self.in_location {
            let mut before = PrecedingSegment::Nothing;
            for (at, segment) in segments.iter().enumerate() {
                let is_followed = at + 1 < segments.len();
                match segment {
                    PathSegment::Text(text) if at == 0 && !is_followed => self.add_literal(text),
                    PathSegment::Text(text) => self.add_text(text, &before, is_followed),
                    PathSegment::Folder(base, up) => {
                        before = PrecedingSegment::Folder(*base, "/..".repeat(*up));
                        if let (PrecedingSegment::Folder(base, up), false) = (&before, is_followed) {
                            self.push_below(*base, up);
                        }
                    }
                    PathSegment::Value(..) | PathSegment::Directive(_) => before = PrecedingSegment::Value,
                }
            }
        }
        // The expression of a value may hold texts of its own.
        let kind = std::mem::replace(&mut self.kind, RefKind::Other);
        for segment in segments {
            match segment {
                PathSegment::Value(Some(value), _) => self.visit_expr(value),
                PathSegment::Directive(directive) => self.visit_directive(directive),
                PathSegment::Value(None, _) | PathSegment::Text(_) | PathSegment::Folder(..) => {}
            }
        }
        self.kind = kind;
    }

    /// Adds the references in one text segment. `before` is the segment before it; `is_followed` is true if another segment
    /// follows.
    fn add_text(&mut self, text: &str, before: &PrecedingSegment, is_followed: bool) {
        let is_read = [RefKind::Read, RefKind::ReadBelow].contains(&self.kind);
        let end = match before {
            PrecedingSegment::Nothing => 0,
            // The argument of a reading function is one path, whatever characters it has.
            PrecedingSegment::Folder(..) | PrecedingSegment::Value if is_read => text.len(),
            PrecedingSegment::Folder(..) | PrecedingSegment::Value => {
                text.find(ends_path).unwrap_or(text.len())
            }
        };
        let (first, rest) = text.split_at(end);
        if let PrecedingSegment::Folder(base, up) = before
            && (first.is_empty() || first.starts_with('/'))
        {
            if rest.is_empty() && is_followed {
                if let Some(folder) = known_folder(first) {
                    self.push_below(*base, &format!("{up}{folder}"));
                }
            } else {
                self.push_below(*base, &format!("{up}{first}"));
                if !is_followed && !rest.is_empty() && !first.is_empty() {
                    self.push_below(*base, &format!("{up}{text}"));
                }
            }
        }
        let cut = if is_read {
            0
        } else if is_followed {
            rest.rfind(ends_path).map_or(0, |at| at + 1)
        } else {
            rest.len()
        };
        let (known, last) = rest.split_at(cut);
        self.add_words(known, "");
        if let Some(folder) = known_folder(last).filter(|folder| is_relative_path(folder)) {
            let kind = if is_read { self.kind } else { RefKind::Other };
            self.push(self.relative_base(), folder, kind);
        }
    }

    /// Adds the path that a function reads: the first argument, and for `fileset` the pattern too.
    fn add_read(&mut self, call: &FuncCall) {
        let scope = EvalScope { locals: self.locals, iteration_variables: &self.iteration_variables.clone() };
        let mut segments = call.args.get(0).map(|path| scope.segments(path)).unwrap_or_default();
        let mut is_below = may_be_in_subfolder(&segments);
        let mut rest = 1;
        if call.name.name.as_str() == "fileset"
            && let Some(pattern) = call.args.get(1)
        {
            // If a value follows in the folder's path, the folder lies below the known beginning.
            let is_unknown = |segment: &PathSegment<'_>| {
                matches!(segment, PathSegment::Value(..) | PathSegment::Directive(_))
            };
            is_below |= segments.iter().skip(1).any(is_unknown);
            is_below |= append_pattern(&mut segments, scope.segments(pattern));
            rest = 2;
        }
        let (in_location, kind) = (self.in_location, self.kind);
        // The argument names a file to read, not the location of a state.
        self.in_location = false;
        self.kind = RefKind::Read;
        match origin_of_values(&segments) {
            Some(sources) => self.file_refs.variables.path_sources.extend(sources),
            None => self.push_below(PathBase::Computed, ""),
        }
        if is_below {
            self.kind = RefKind::ReadBelow;
        }
        self.add_template(&segments);
        self.kind = RefKind::Other;
        call.args.iter().skip(rest).for_each(|argument| self.visit_expr(argument));
        (self.in_location, self.kind) = (in_location, kind);
    }
}

/// Segment before a text in a template.
enum PrecedingSegment {
    /// No segment: the text begins the template.
    Nothing,
    /// Known folder, and the `/..` that lead up from it.
    Folder(PathBase, String),
    /// Value of an expression, unknown here.
    Value,
}

/// Appends the pattern of a `fileset` to the segments of its folder. Returns true if files in subfolders may match.
fn append_pattern<'e>(segments: &mut Vec<PathSegment<'e>>, pattern: Vec<PathSegment<'e>>) -> bool {
    let mut fixed = Vec::new();
    let mut is_below = false;
    let mut has_wildcard = false;
    for segment in pattern {
        match segment {
            PathSegment::Text(text) if has_wildcard => is_below |= text.contains('/') || text.contains("**"),
            PathSegment::Text(text) => match text.find(['*', '?', '[', '{']) {
                Some(at) => {
                    is_below |= text[at..].contains('/') || text[at..].contains("**");
                    has_wildcard = true;
                    fixed.push(PathSegment::Text(text[..at].to_owned()));
                }
                None => fixed.push(PathSegment::Text(text)),
            },
            other => {
                has_wildcard = true;
                fixed.push(other);
            }
        }
    }
    let folder = match fixed.first() {
        Some(PathSegment::Text(text)) => text.contains('/'),
        _ => false,
    };
    // A pattern for files directly in the folder adds nothing: they are inputs with the folder.
    if folder || is_below || !has_wildcard {
        push(segments, PathSegment::Text("/".to_owned()));
        for segment in fixed {
            push(segments, segment);
        }
        if has_wildcard {
            segments.push(PathSegment::Value(None, LITERAL));
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
fn is_computed(segments: &[PathSegment<'_>]) -> bool {
    if let Some(PathSegment::Text(text)) = segments.first()
        && !text.starts_with(['.', '/'])
    {
        return false;
    }
    !segments.iter().all(|segment| matches!(segment, PathSegment::Text(_) | PathSegment::Folder(..)))
}

mod visiting;

/// Returns the path of a source that is a `file` URL, without its query, and any other source as it is.
fn local_source(source: &str) -> &str {
    let Some(path) = source.strip_prefix("file://") else { return source };
    path.split_once('?').map_or(path, |(path, _)| path)
}

#[cfg(test)]
mod tests;
