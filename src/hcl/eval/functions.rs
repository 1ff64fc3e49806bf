//! Functions of engines that depend on their arguments alone, over texts of which parts may be unknown.
//!
//! A text that is known as a whole gets the result of OpenTofu 1.12.6 and Terraform 1.11.4.

use camino::Utf8Path;
use hcl_edit::expr::{Expression, FuncCall};

use super::{
    evaluator::{Evaluated, Resolver, evaluate, evaluate_scalar},
    provenance::{PathUse, WRITTEN, origin_at},
    segments::{PathSegment, known_text, push},
};
use crate::files::normalised;

/// Function over the arguments of a call; absent when the result is unknown.
type Function = for<'e> fn(&Arguments<'_, 'e>) -> Option<Evaluated<'e>>;

/// Functions by name.
const FUNCTIONS: [(&str, Function); 13] = [
    ("abspath", abspath),
    ("basename", basename),
    ("chomp", chomp),
    ("dirname", dirname),
    ("format", format),
    ("join", join),
    ("nonsensitive", first_argument),
    ("pathexpand", pathexpand),
    ("sensitive", first_argument),
    ("tostring", tostring),
    ("trimprefix", trimprefix),
    ("trimspace", trimspace),
    ("trimsuffix", trimsuffix),
];

/// Evaluates a call of a function in the table; absent for other functions, and when an argument is unknown.
pub(super) fn call_by_name<'e>(
    resolver: &dyn Resolver,
    call: &'e FuncCall,
    depth: usize,
) -> Option<Evaluated<'e>> {
    let (_, function) = FUNCTIONS.iter().find(|(name, _)| *name == call.name.name.as_str())?;
    function(&Arguments { resolver, call, depth })
}

/// Arguments of a function call, evaluated when they are read.
struct Arguments<'a, 'e> {
    resolver: &'a dyn Resolver,
    call: &'e FuncCall,
    depth: usize,
}

impl<'e> Arguments<'_, 'e> {
    fn len(&self) -> usize {
        self.call.args.len()
    }

    /// Returns the segments of an argument; absent when the call has fewer.
    fn pieces(&self, at: usize) -> Option<Vec<PathSegment<'e>>> {
        self.call.args.get(at).map(|argument| evaluate(self.resolver, argument, self.depth))
    }

    /// Returns the value of an argument that is no list and no object; absent when it is unknown.
    fn scalar(&self, at: usize) -> Option<Evaluated<'e>> {
        evaluate_scalar(self.resolver, self.call.args.get(at)?, self.depth)
    }

    /// Returns the text of an argument; absent when a part of it is unknown.
    fn known(&self, at: usize) -> Option<String> {
        known_text(&self.pieces(at)?)
    }
}

fn known(text: impl Into<String>) -> Vec<PathSegment<'static>> {
    vec![PathSegment::Text(text.into())]
}

fn text(pieces: Vec<PathSegment<'_>>) -> Option<Evaluated<'_>> {
    Some(Evaluated::Text(pieces))
}

fn first_argument<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    given.scalar(0)
}

fn tostring<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    text(given.pieces(0)?)
}

/// Makes a path absolute. A relative path stays as it is when the working folder is unknown: engines start it there.
fn abspath<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let pieces = given.pieces(0)?;
    let Some(path) = known_text(&pieces) else { return text(absolute(pieces)) };
    match given.resolver.working_dir() {
        Some(dir) => text(known(normalised(&dir.join(path)))),
        None if path.starts_with('/') => text(known(normalised(Utf8Path::new(&path)))),
        None => text(pieces),
    }
}

/// Replaces a leading `~`. Files in a home directory do not belong to the project: their paths stay unknown.
fn pathexpand<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let pieces = given.pieces(0)?;
    match pieces.first() {
        Some(PathSegment::Text(path)) if path.starts_with('~') => {
            text(vec![PathSegment::Value(None, WRITTEN)])
        }
        _ => text(pieces),
    }
}

fn dirname<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let pieces = given.pieces(0)?;
    let Some(path) = known_text(&pieces) else { return text(folder(pieces)) };
    let folder = path.rfind('/').map(|at| normalised(Utf8Path::new(&path[..=at])).into_string());
    text(known(folder.filter(|folder| !folder.is_empty()).unwrap_or_else(|| ".".to_owned())))
}

fn basename<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let pieces = given.pieces(0)?;
    let Some(path) = known_text(&pieces) else { return text(name(pieces)) };
    let shown = path.trim_end_matches('/');
    let name = match (path.is_empty(), shown.is_empty()) {
        (true, _) => ".",
        (false, true) => "/",
        (false, false) => shown.rsplit('/').next().unwrap_or(shown),
    };
    text(known(name))
}

fn trimspace<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    text(ends(given.pieces(0)?, str::trim_start, str::trim_end))
}

fn chomp<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    text(ends(given.pieces(0)?, |text| text, |text| text.trim_end_matches(['\r', '\n'])))
}

fn trimsuffix<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let end = given.known(1)?;
    let mut pieces = given.pieces(0)?;
    pieces.last_mut().into_iter().for_each(|piece| mark_altered(piece, &end));
    text(ends(pieces, |text| text, |text| text.strip_suffix(&*end).unwrap_or(text)))
}

fn trimprefix<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let start = given.known(1)?;
    let mut pieces = given.pieces(0)?;
    pieces.first_mut().into_iter().for_each(|piece| mark_altered(piece, &start));
    text(ends(pieces, |text| text.strip_prefix(&*start).unwrap_or(text), |text| text))
}

/// Joins the items of lists; absent when an argument is another expression than a list.
fn join<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let between = given.known(0)?;
    let mut items = Vec::new();
    for list in given.call.args.iter().skip(1) {
        let Expression::Array(list) = list else { return None };
        items.extend(list.iter());
    }
    let mut pieces = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        let separator = PathSegment::Text(if at > 0 { between.clone() } else { String::new() });
        let item = evaluate(given.resolver, item, given.depth);
        [separator].into_iter().chain(item).for_each(|piece| push(&mut pieces, piece));
    }
    text(pieces)
}

/// Formats values. A number with a verb of its own is unknown; the whole is for verbs that are not supported here, such
/// as `%5s` or `%[1]d`, and for another number of values than the format has verbs.
fn format<'e>(given: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let format = given.known(0)?;
    let mut values = 1..given.len();
    let mut pieces = Vec::new();
    let mut rest = format.as_str();
    while let Some(at) = rest.find('%') {
        push(&mut pieces, PathSegment::Text(rest[..at].to_owned()));
        let behind = &rest[at + 1..];
        let (flags, verb) = behind.split_at(behind.find(|c: char| c.is_alphabetic() || c == '%')?);
        let mut after = verb.chars();
        match after.next()? {
            '%' if flags.is_empty() => push(&mut pieces, PathSegment::Text("%".to_owned())),
            's' | 'v' if flags.is_empty() => {
                for piece in given.pieces(values.next()?)? {
                    push(&mut pieces, piece);
                }
            }
            'd' | 'f' | 't' | 'x' | 'b' | 'o' if !flags.contains(['[', '*']) => {
                values.next()?;
                pieces.push(PathSegment::Value(None, WRITTEN));
            }
            _ => return None,
        }
        rest = after.as_str();
    }
    push(&mut pieces, PathSegment::Text(rest.to_owned()));
    values.next().is_none().then_some(Evaluated::Text(pieces))
}

/// Marks a value as altered if more than slashes may be trimmed from its end.
fn mark_altered(piece: &mut PathSegment<'_>, gone: &str) {
    if let PathSegment::Value(_, origin) = piece
        && !gone.trim_matches('/').is_empty()
    {
        *origin = origin_at(origin, PathUse::Altered);
    }
}

/// Trims the first and the last text segment with the given functions, and removes empty ones.
fn ends(
    mut pieces: Vec<PathSegment<'_>>,
    start: impl Fn(&str) -> &str,
    end: impl Fn(&str) -> &str,
) -> Vec<PathSegment<'_>> {
    if let Some(PathSegment::Text(text)) = pieces.first_mut() {
        *text = start(text).to_owned();
    }
    if let Some(PathSegment::Text(text)) = pieces.last_mut() {
        *text = end(text).to_owned();
    }
    pieces.retain(|piece| !matches!(piece, PathSegment::Text(text) if text.is_empty()));
    pieces
}

/// Returns a path with an unknown part as `abspath` makes it absolute: each `/..` behind a known folder becomes a level above it.
fn absolute(mut pieces: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    if let [PathSegment::Folder(_, up), PathSegment::Text(text), ..] = pieces.as_mut_slice()
        && text.starts_with('/')
    {
        while let Some(rest) =
            text.strip_prefix("/..").filter(|rest| rest.is_empty() || rest.starts_with('/'))
        {
            *up += 1;
            *text = rest.to_owned();
        }
        if text.is_empty() {
            pieces.remove(1);
        }
    }
    pieces
}

/// Returns the folder of a path with an unknown part; a value is taken for a file name.
fn folder(mut pieces: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    while let Some(last) = pieces.pop() {
        match last {
            PathSegment::Text(text) => {
                match text.rfind('/') {
                    Some(at) => {
                        let at = if pieces.is_empty() { at.max(1) } else { at };
                        push(&mut pieces, PathSegment::Text(text[..at].to_owned()));
                    }
                    None if pieces.is_empty() => pieces.push(PathSegment::Text(".".to_owned())),
                    None => continue,
                }
                break;
            }
            PathSegment::Folder(base, up) => {
                pieces.push(PathSegment::Folder(base, up + 1));
                break;
            }
            PathSegment::Value(value, origin) if pieces.is_empty() => {
                pieces.push(PathSegment::Value(value, origin_at(&origin, PathUse::Altered)));
                break;
            }
            PathSegment::Value(..) | PathSegment::Directive(_) => {}
        }
    }
    pieces
}

/// Returns the last name of a path with an unknown part.
fn name(pieces: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    let mut name = Vec::new();
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.into_iter().enumerate() {
        match piece {
            PathSegment::Text(text) => {
                let known = if at == last { text.trim_end_matches('/') } else { &text };
                let (ends, known) = known.rsplit_once('/').map_or((false, known), |(_, last)| (true, last));
                if ends {
                    name.clear();
                }
                push(&mut name, PathSegment::Text(known.to_owned()));
            }
            PathSegment::Folder(..) => name = vec![PathSegment::Value(None, WRITTEN)],
            // A file name has no `..`.
            PathSegment::Value(value, _) => name.push(PathSegment::Value(value, WRITTEN)),
            other @ PathSegment::Directive(_) => name.push(other),
        }
    }
    name
}

#[cfg(test)]
mod tests;
