//! What a file of configuration mentions, whichever syntax it is written in.

use std::{
    collections::HashMap,
    fs,
    sync::{Arc, Mutex, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::parser;
use serde_json::Value;

use super::{
    mentions::{Base, Mention, Mentions, Role},
    unit::Unit,
};

/// What files mention, each of the files that mean the same to every stack read once.
#[derive(Debug, Default)]
pub(super) struct Literals {
    known: Mutex<HashMap<Utf8PathBuf, Arc<[Mention]>>>,
}

impl Literals {
    /// What a file mentions; Terragrunt's in terms of the unit. One that is not valid mentions nothing: no engine plans with
    /// it.
    pub(super) fn of(&self, file: &Utf8Path, unit: &Unit) -> Arc<[Mention]> {
        if file.extension() == Some("hcl") {
            let roles: Vec<Vec<Mention>> = unit.plain(file).iter().map(Mentions::of).collect();
            // A source that is known in one of its roles is no expression.
            let is_computed = |mention: &Mention| mention.base == Base::Computed;
            let known = roles.iter().any(|mentions| !mentions.iter().any(is_computed));
            return roles.into_iter().flatten().filter(|mention| !known || !is_computed(mention)).collect();
        }
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mentions) = known().get(file) {
            return Arc::clone(mentions);
        }
        let mentions: Arc<[Mention]> = read(file).into();
        known().insert(file.to_owned(), Arc::clone(&mentions));
        mentions
    }
}

fn read(file: &Utf8Path) -> Vec<Mention> {
    let Ok(text) = fs::read_to_string(file) else { return Vec::new() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if file.extension() == Some("json") {
        let mut found = Vec::new();
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            descend(&value, &mut Vec::new(), &mut found);
        }
        return found;
    }
    parser::parse_body(text).map(|body| Mentions::of(&body)).unwrap_or_default()
}

fn descend<'v>(value: &'v Value, keys: &mut Vec<&'v str>, found: &mut Vec<Mention>) {
    match value {
        Value::String(text) => {
            let role = match keys.as_slice() {
                ["module", _, "source"] => Role::Source,
                ["terraform", "backend", ..] | ["data", "terraform_remote_state", ..] => Role::Place,
                _ => Role::Other,
            };
            found.extend(Mentions::of_text(text, role));
        }
        Value::Array(items) => items.iter().for_each(|item| descend(item, keys, found)),
        Value::Object(members) => {
            for (key, member) in members {
                keys.push(key);
                descend(member, keys, found);
                keys.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
