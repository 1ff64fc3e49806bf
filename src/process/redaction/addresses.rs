//! Removal of user names and passwords from URLs in output; unlike secrets they are not known beforehand.

use std::borrow::Cow;

/// User name in URLs of git servers, which is no secret.
const GIT: &str = "git";

/// Removes user names and passwords from the URLs in a text (`scheme://USER:PASSWORD@host`); a user `git` without
/// password stays.
pub fn without_users(text: &str) -> Cow<'_, str> {
    if !text.contains("://") || !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = |c: char| "/?#'\"`<>,;)]}\\".contains(c) || c.is_whitespace();
        let host = part.split(ends).next().unwrap_or_default();
        let user = host.rfind('@').filter(|at| &host[..*at] != GIT).map_or(0, |at| at + 1);
        shown.push_str("://");
        shown.push_str(&part[user..]);
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_are_left_out_of_every_address() {
        for (text, shown) in [
            ("git::https://user:token@host/x.git?ref=v1", "git::https://host/x.git?ref=v1"),
            ("from 'https://token@a/x' to https://u:p@b:1/y", "from 'https://a/x' to https://b:1/y"),
            ("https://u:p@ss@host", "https://host"),
            ("{\"source\":\"git::https://u:p@host\"}", "{\"source\":\"git::https://host\"}"),
            ("ssh://git@host/x.git", "ssh://git@host/x.git"),
            ("ssh://git:p@host/x.git", "ssh://host/x.git"),
            ("https://host/a@b mail me@host", "https://host/a@b mail me@host"),
            ("no address at all: a@b", "no address at all: a@b"),
        ] {
            assert_eq!(without_users(text), shown);
        }
    }
}
