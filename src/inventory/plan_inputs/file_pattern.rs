//! Patterns of `files` in environments.toml, relative to the folder of a stack.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};

use crate::files::normalised;

/// Characters that have a meaning in a pattern.
const SPECIAL: [char; 6] = ['*', '?', '[', '{', '}', '\\'];

/// Compiled pattern of `files`. Only the text in environments.toml is a pattern: special characters in the names of the
/// stack's folder and the folders above it have no meaning.
pub(in crate::inventory) struct FilePattern {
    folder: Utf8PathBuf,
    literal: Utf8PathBuf,
    matcher: Option<GlobMatcher>,
}

impl FilePattern {
    /// Compiles a pattern that starts at the folder `dir`; an error if its text is not a valid glob.
    pub(in crate::inventory) fn new(dir: &Utf8Path, pattern: &str) -> Result<Self, globset::Error> {
        let pattern = Utf8Path::new(pattern);
        let mut folder = normalised(dir);
        // An absolute pattern may spell out folders that are known.
        let known = folder.ancestors().find(|above| above.parent().is_some() && pattern.starts_with(above));
        let mut rest: Vec<&str> = Vec::new();
        let below = match known.map(Utf8Path::to_owned) {
            Some(known) => {
                let below = pattern.strip_prefix(&known).unwrap_or(pattern);
                folder = known;
                below
            }
            None => pattern,
        };
        for part in below.components() {
            match part {
                Utf8Component::RootDir | Utf8Component::Prefix(_) => folder = Utf8PathBuf::from("/"),
                Utf8Component::CurDir => {}
                Utf8Component::ParentDir => {
                    if rest.pop().is_none() {
                        folder.pop();
                    }
                }
                Utf8Component::Normal(name) if rest.is_empty() && !name.contains(SPECIAL) => {
                    folder.push(name);
                }
                Utf8Component::Normal(name) => rest.push(name),
            }
        }
        let literal = rest.iter().fold(folder.clone(), |path, name| path.join(name));
        if rest.is_empty() {
            folder.pop();
            return Ok(Self { folder, literal, matcher: None });
        }
        let glob = GlobBuilder::new(&rest.join("/")).literal_separator(true).build()?;
        Ok(Self { folder, literal, matcher: Some(glob.compile_matcher()) })
    }

    /// Returns the deepest folder that holds every file the pattern can match.
    pub(in crate::inventory) fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// Returns the pattern as a literal path: the name of a file may contain special characters.
    pub(in crate::inventory) fn literal(&self) -> &Utf8Path {
        &self.literal
    }

    /// Returns true if the pattern names one path only.
    pub(in crate::inventory) fn is_literal(&self) -> bool {
        self.matcher.is_none()
    }

    /// Returns true if a path, given relative to [`Self::folder`], matches.
    pub(in crate::inventory) fn matches(&self, below: &Utf8Path) -> bool {
        self.matcher.as_ref().is_some_and(|matcher| matcher.is_match(below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pattern_itself_has_special_characters() {
        for dir in ["/p/app", "/job [1]/app", "/a{b,c}/app", "/a*?/app", "/x\\y]}/app"] {
            let dir = Utf8Path::new(dir);
            let above = dir.parent().unwrap();
            let pattern = FilePattern::new(dir, "../extra/./**/*.{txt,md}").unwrap();
            assert_eq!(pattern.folder(), above.join("extra"));
            assert!(pattern.matches("a.txt".into()) && pattern.matches("b/c.md".into()), "{dir}");
            assert!(!pattern.matches("a.json".into()), "{dir}");
            let absolute = FilePattern::new(dir, above.join("extra/?.txt").as_str()).unwrap();
            assert_eq!((absolute.folder(), absolute.is_literal()), (above.join("extra").as_path(), false));
            let plain = FilePattern::new(dir, "../extra/a.txt").unwrap();
            assert_eq!((plain.literal(), plain.is_literal()), (above.join("extra/a.txt").as_path(), true));
        }
    }

    #[test]
    fn a_file_may_be_called_like_a_pattern() {
        let pattern = FilePattern::new("/p/app".into(), "conf[1].txt").unwrap();
        assert_eq!(pattern.literal(), "/p/app/conf[1].txt");
        assert!(pattern.matches("conf1.txt".into()));
        assert!(FilePattern::new("/p".into(), "a{b").is_err());
    }

    #[test]
    fn dots_behind_a_special_character_undo_it() {
        let pattern = FilePattern::new("/p/app".into(), "*/../../x/*.txt").unwrap();
        assert_eq!(pattern.folder(), "/p/x");
        assert!(pattern.matches("a.txt".into()));
    }
}
