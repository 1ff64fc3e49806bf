//! What a command that a user types may do to resources without a plan that anybody could judge.

use std::ffi::OsString;

/// What a typed command may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// It applies, destroys or forgets whatever the stack's files and state say.
    Everything {
        /// The word that says so: `apply`.
        verb: String,
    },
    /// It changes the state of what it names: resources and modules, among other words.
    Named(Vec<String>),
    /// Nothing of that kind.
    Other,
}

/// Verbs that change everything, with those of older Terragrunts.
const EVERYTHING: &[&str] = &["apply", "destroy", "refresh", "apply-all", "destroy-all"];

/// Verbs that name what they change.
const NAMED: &[&str] = &["state", "taint", "untaint", "import"];

/// What a command does. Where its verb cannot be told for sure, as after the flags of a wrapper, any word counts.
pub fn typed(args: &[OsString]) -> Typed {
    let texts: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = texts.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let first = texts.first().map(String::as_str);
    let sure = first.filter(|first| NAMED.contains(first) || EVERYTHING.contains(first));
    let said = |verbs: &[&str]| {
        let mut candidates = sure.map_or_else(|| words.clone(), |first| vec![first]).into_iter();
        candidates.find(|word| verbs.contains(word)).map(str::to_owned)
    };
    if let Some(verb) = said(EVERYTHING) {
        return Typed::Everything { verb };
    }
    if words.windows(2).any(|pair| pair == ["workspace", "delete"]) {
        return Typed::Everything { verb: "workspace delete".to_owned() };
    }
    if said(NAMED).is_some() {
        return Typed::Named(words.into_iter().skip(1).map(str::to_owned).collect());
    }
    Typed::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Typed {
        typed(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn what_makes_no_plan_changes_everything() {
        for (line, word) in [
            ("apply", "apply"),
            ("apply -auto-approve", "apply"),
            ("apply plan.tfplan", "apply"),
            ("destroy -target a.b", "destroy"),
            ("refresh", "refresh"),
            ("-chdir=x apply", "apply"),
            ("run -- apply", "apply"),
            ("run --all destroy", "destroy"),
            ("run-all apply", "apply"),
            ("apply-all", "apply-all"),
            ("workspace delete -force old", "workspace delete"),
        ] {
            assert_eq!(told(line), Typed::Everything { verb: word.to_owned() }, "{line}");
        }
    }

    #[test]
    fn what_changes_a_state_names_it() {
        let named = |words: &[&str]| Typed::Named(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(told("state rm -lock=false a.b module.c"), named(&["rm", "a.b", "module.c"]));
        assert_eq!(told("taint a.b"), named(&["a.b"]));
        assert_eq!(told("import a.b apply"), named(&["a.b", "apply"]));
        assert_eq!(told("run -- state rm a.b"), named(&["state", "rm", "a.b"]));
        for other in ["init", "workspace new x", "fmt", "force-unlock 1", "providers lock", ""] {
            assert_eq!(told(other), Typed::Other, "{other}");
        }
    }
}
