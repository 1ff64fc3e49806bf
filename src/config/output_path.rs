//! Selection of values in other stacks' outputs.

use std::fmt;

use serde_json::Value;

use super::{
    OutputPath,
    inputs::{OutputSelector, PathStep, steps},
};

impl OutputPath {
    /// Returns the name of the output.
    pub fn output(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or_default()
    }

    /// Returns the value that the path selects in the value of the output. Errors: there is no such value, or it is null: a
    /// null would set the stack's variable to null or to its default, and the user intended neither.
    pub fn select<'v>(&self, value: &'v Value) -> Result<&'v Value, String> {
        let (name, steps) = steps(&self.path)?;
        let (mut at, mut up_to) = (value, name.len());
        for PathStep { selector, end } in steps {
            let next = match (selector, at) {
                (OutputSelector::Member(name), Value::Object(members)) => members.get(name),
                (OutputSelector::Item(index), Value::Array(items)) => items.get(index),
                _ => None,
            };
            let nothing = || format!("`{}` has no `{}`", &self.path[..up_to], &self.path[up_to..end]);
            (at, up_to) = (next.ok_or_else(nothing)?, end);
        }
        match at {
            Value::Null => Err(format!("`{}` is null", self.path)),
            _ => Ok(at),
        }
    }
}

impl fmt::Display for OutputPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stack, self.path)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_followed_to_its_end_and_what_is_not_there_is_told() {
        let value = json!([{ "id": "a", "tags": { "x.y": "b" }, "none": null }]);
        let select = |path: &str| {
            let path = OutputPath { stack: "net".parse().unwrap(), path: path.to_owned() };
            assert_eq!(path.output(), "zones");
            path.select(&value).cloned()
        };
        assert_eq!(select("zones"), Ok(value.clone()));
        assert_eq!(select("zones[0].id"), Ok(json!("a")));
        assert_eq!(select("zones[0].tags[\"x.y\"]"), Ok(json!("b")));
        assert_eq!(select("zones[1].id"), Err("`zones` has no `[1]`".to_owned()));
        assert_eq!(select("zones[0].id.x"), Err("`zones[0].id` has no `.x`".to_owned()));
        assert_eq!(select("zones[0].none"), Err("`zones[0].none` is null".to_owned()));
        assert_eq!(select("zones[0].none.x"), Err("`zones[0].none` has no `.x`".to_owned()));
        assert_eq!(select("zones.id"), Err("`zones` has no `.id`".to_owned()));
    }
}
