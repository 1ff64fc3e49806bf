//! Functions of engines that depend on their arguments alone, over texts of which parts may be unknown.
//!
//! A text that is known as a whole gets the result of OpenTofu 1.12.6 and Terraform 1.11.4.

use camino::Utf8Path;
use hcl_edit::expr::{Expression, FuncCall};

use super::{
    evaluator::{Evaluated, Resolver, evaluate, evaluate_scalar},
    provenance::{LITERAL, PathPosition, origin_at},
    segments::{PathSegment, known_text, push},
};
use crate::files::normalised;

/// Function over the arguments of a call; `None` when the result is unknown.
type Function = for<'e> fn(&Arguments<'_, 'e>) -> Option<Evaluated<'e>>;

/// Functions that the evaluator knows, by name.
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

/// Evaluates a call of a function in [`FUNCTIONS`]; `None` for other functions, and when an argument is unknown.
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

    /// Returns the segments of the argument at an index; `None` when the call has fewer arguments.
    fn segments(&self, at: usize) -> Option<Vec<PathSegment<'e>>> {
        self.call.args.get(at).map(|argument| evaluate(self.resolver, argument, self.depth))
    }

    /// Returns the value of an argument that is no list and no object; `None` when it is unknown.
    fn scalar(&self, at: usize) -> Option<Evaluated<'e>> {
        evaluate_scalar(self.resolver, self.call.args.get(at)?, self.depth)
    }

    /// Returns the text of an argument; `None` when a part of it is unknown.
    fn text(&self, at: usize) -> Option<String> {
        known_text(&self.segments(at)?)
    }
}

fn text_segments(text: impl Into<String>) -> Vec<PathSegment<'static>> {
    vec![PathSegment::Text(text.into())]
}

fn first_argument<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    arguments.scalar(0)
}

fn tostring<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    Some(Evaluated::Text(arguments.segments(0)?))
}

/// Makes a path absolute. A relative path stays as it is when the working folder, from which it starts, is unknown.
fn abspath<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let segments = arguments.segments(0)?;
    let Some(path) = known_text(&segments) else { return Some(Evaluated::Text(partial_abspath(segments))) };
    match arguments.resolver.working_dir() {
        Some(dir) => Some(Evaluated::Text(text_segments(normalised(&dir.join(path))))),
        None if path.starts_with('/') => {
            Some(Evaluated::Text(text_segments(normalised(Utf8Path::new(&path)))))
        }
        None => Some(Evaluated::Text(segments)),
    }
}

/// Replaces a leading `~`. Files in a home directory do not belong to the project: their paths stay unknown.
fn pathexpand<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let segments = arguments.segments(0)?;
    match segments.first() {
        Some(PathSegment::Text(path)) if path.starts_with('~') => {
            Some(Evaluated::Text(vec![PathSegment::Value(None, LITERAL)]))
        }
        _ => Some(Evaluated::Text(segments)),
    }
}

fn dirname<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let segments = arguments.segments(0)?;
    let Some(path) = known_text(&segments) else { return Some(Evaluated::Text(partial_dirname(segments))) };
    let folder = path.rfind('/').map(|at| normalised(Utf8Path::new(&path[..=at])).into_string());
    Some(Evaluated::Text(text_segments(
        folder.filter(|folder| !folder.is_empty()).unwrap_or_else(|| ".".to_owned()),
    )))
}

fn basename<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let segments = arguments.segments(0)?;
    let Some(path) = known_text(&segments) else { return Some(Evaluated::Text(partial_basename(segments))) };
    let shown = path.trim_end_matches('/');
    let name = match (path.is_empty(), shown.is_empty()) {
        (true, _) => ".",
        (false, true) => "/",
        (false, false) => shown.rsplit('/').next().unwrap_or(shown),
    };
    Some(Evaluated::Text(text_segments(name)))
}

fn trimspace<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    Some(Evaluated::Text(trim_ends(arguments.segments(0)?, str::trim_start, str::trim_end)))
}

fn chomp<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    Some(Evaluated::Text(trim_ends(
        arguments.segments(0)?,
        |text| text,
        |text| text.trim_end_matches(['\r', '\n']),
    )))
}

fn trimsuffix<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let end = arguments.text(1)?;
    let mut segments = arguments.segments(0)?;
    segments.last_mut().into_iter().for_each(|segment| mark_altered(segment, &end));
    Some(Evaluated::Text(trim_ends(segments, |text| text, |text| text.strip_suffix(&*end).unwrap_or(text))))
}

fn trimprefix<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let start = arguments.text(1)?;
    let mut segments = arguments.segments(0)?;
    segments.first_mut().into_iter().for_each(|segment| mark_altered(segment, &start));
    Some(Evaluated::Text(trim_ends(segments, |text| text.strip_prefix(&*start).unwrap_or(text), |text| text)))
}

/// Joins the items of lists to one text; `None` when an argument is no list in brackets.
fn join<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let between = arguments.text(0)?;
    let mut items = Vec::new();
    for list in arguments.call.args.iter().skip(1) {
        let Expression::Array(list) = list else { return None };
        items.extend(list.iter());
    }
    let mut segments = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        let separator = PathSegment::Text(if at > 0 { between.clone() } else { String::new() });
        let item = evaluate(arguments.resolver, item, arguments.depth);
        [separator].into_iter().chain(item).for_each(|segment| push(&mut segments, segment));
    }
    Some(Evaluated::Text(segments))
}

/// Formats values as `format` of engines. The text for a number (`%05d`) is unknown. The result is `None` for `%5s`, `%[1]d` and
/// other forms that envctl does not format, and if there are more or fewer values than the format text needs.
fn format<'e>(arguments: &Arguments<'_, 'e>) -> Option<Evaluated<'e>> {
    let format = arguments.text(0)?;
    let mut values = 1..arguments.len();
    let mut segments = Vec::new();
    let mut rest = format.as_str();
    while let Some(at) = rest.find('%') {
        push(&mut segments, PathSegment::Text(rest[..at].to_owned()));
        let behind = &rest[at + 1..];
        let (flags, verb) = behind.split_at(behind.find(|c: char| c.is_alphabetic() || c == '%')?);
        let mut after = verb.chars();
        match after.next()? {
            '%' if flags.is_empty() => push(&mut segments, PathSegment::Text("%".to_owned())),
            's' | 'v' if flags.is_empty() => {
                for segment in arguments.segments(values.next()?)? {
                    push(&mut segments, segment);
                }
            }
            'd' | 'f' | 't' | 'x' | 'b' | 'o' if !flags.contains(['[', '*']) => {
                values.next()?;
                segments.push(PathSegment::Value(None, LITERAL));
            }
            _ => return None,
        }
        rest = after.as_str();
    }
    push(&mut segments, PathSegment::Text(rest.to_owned()));
    values.next().is_none().then_some(Evaluated::Text(segments))
}

/// Marks the texts of a value as altered if `trimmed`, which a function removes from its end, is more than slashes.
fn mark_altered(segment: &mut PathSegment<'_>, trimmed: &str) {
    if let PathSegment::Value(_, origin) = segment
        && !trimmed.trim_matches('/').is_empty()
    {
        *origin = origin_at(origin, PathPosition::Altered);
    }
}

/// Trims the first text segment with `start` and the last with `end`, and removes text segments that are empty.
fn trim_ends(
    mut segments: Vec<PathSegment<'_>>,
    start: impl Fn(&str) -> &str,
    end: impl Fn(&str) -> &str,
) -> Vec<PathSegment<'_>> {
    if let Some(PathSegment::Text(text)) = segments.first_mut() {
        *text = start(text).to_owned();
    }
    if let Some(PathSegment::Text(text)) = segments.last_mut() {
        *text = end(text).to_owned();
    }
    segments.retain(|segment| !matches!(segment, PathSegment::Text(text) if text.is_empty()));
    segments
}

/// Returns a path with an unknown part as `abspath` makes it absolute: each `/..` behind a known folder becomes a level above it.
fn partial_abspath(mut segments: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    if let [PathSegment::Folder(_, up), PathSegment::Text(text), ..] = segments.as_mut_slice()
        && text.starts_with('/')
    {
        while let Some(rest) =
            text.strip_prefix("/..").filter(|rest| rest.is_empty() || rest.starts_with('/'))
        {
            *up += 1;
            *text = rest.to_owned();
        }
        if text.is_empty() {
            segments.remove(1);
        }
    }
    segments
}

/// Returns the folder of a path with an unknown part; an unknown value is taken for a file name, without `/`.
fn partial_dirname(mut segments: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    while let Some(last) = segments.pop() {
        match last {
            PathSegment::Text(text) => {
                match text.rfind('/') {
                    Some(at) => {
                        let at = if segments.is_empty() { at.max(1) } else { at };
                        push(&mut segments, PathSegment::Text(text[..at].to_owned()));
                    }
                    None if segments.is_empty() => segments.push(PathSegment::Text(".".to_owned())),
                    None => continue,
                }
                break;
            }
            PathSegment::Folder(base, up) => {
                segments.push(PathSegment::Folder(base, up + 1));
                break;
            }
            PathSegment::Value(value, origin) if segments.is_empty() => {
                segments.push(PathSegment::Value(value, origin_at(&origin, PathPosition::Altered)));
                break;
            }
            PathSegment::Value(..) | PathSegment::Directive(_) => {}
        }
    }
    segments
}

/// Returns the file name of a path with an unknown part.
fn partial_basename(segments: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    let mut name = Vec::new();
    let last = segments.len().saturating_sub(1);
    for (at, segment) in segments.into_iter().enumerate() {
        match segment {
            PathSegment::Text(text) => {
                let known = if at == last { text.trim_end_matches('/') } else { &text };
                let (trim_ends, known) =
                    known.rsplit_once('/').map_or((false, known), |(_, last)| (true, last));
                if trim_ends {
                    name.clear();
                }
                push(&mut name, PathSegment::Text(known.to_owned()));
            }
            PathSegment::Folder(..) => name = vec![PathSegment::Value(None, LITERAL)],
            // A file name has no `..`.
            PathSegment::Value(value, _) => name.push(PathSegment::Value(value, LITERAL)),
            other @ PathSegment::Directive(_) => name.push(other),
        }
    }
    name
}

#[cfg(test)]
mod tests;
