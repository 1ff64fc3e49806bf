//! Removal of credentials from URLs in output: unlike secrets, these credentials are not known beforehand.

use std::borrow::Cow;

use super::redactor::MASK;

/// User name in URLs of git servers, which is no secret.
const GIT_USER: &str = "git";

/// Words in the names of query parameters whose values are credentials: `?sshkey=…` of go-getter, signed URLs of object stores.
const CREDENTIAL_WORDS: [&str; 7] =
    ["token", "secret", "password", "sshkey", "signature", "credential", "access_key"];

/// Removes credentials from the URLs in a text: user names and passwords (`scheme://USER:PASSWORD@host`; a user `git` without
/// password stays), and the values of query parameters that hold credentials.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    let mut parts = text.split("://");
    let first = parts.next().unwrap_or_default();
    let mut shown = String::new();
    for part in parts {
        let end = part.find(|c: char| "'\"`<>,;)]}\\".contains(c) || c.is_whitespace()).unwrap_or(part.len());
        let (url, rest) = part.split_at(end);
        shown.push_str("://");
        shown.push_str(&without_credential_values(&url[host_start(url)..]));
        shown.push_str(rest);
    }
    if shown.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(format!("{first}{shown}")) }
}

/// Returns the index at which the host starts in a URL that is given without its scheme.
fn host_start(url: &str) -> usize {
    let host = url.find(['/', '?', '#']).unwrap_or(url.len());
    if let Some(at) = url[..host].rfind('@') {
        return if &url[..at] == GIT_USER { 0 } else { at + 1 };
    }
    // A password may have a slash that is not encoded. A port has digits alone.
    let password = url[..host].split_once(':').map(|(_, password)| password);
    let is_password = password.is_some_and(|text| !text.chars().all(|c| c.is_ascii_digit()));
    url.rfind('@').filter(|_| is_password).map_or(0, |at| at + 1)
}

/// Removes the values of query parameters that hold credentials from a URL.
fn without_credential_values(url: &str) -> Cow<'_, str> {
    let Some((path, query)) = url.split_once('?') else { return Cow::Borrowed(url) };
    let parameter = |parameter: &str| match parameter.split_once('=') {
        Some((name, _)) if is_credential(name) => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    };
    Cow::Owned(format!("{path}?{}", query.split('&').map(parameter).collect::<Vec<_>>().join("&")))
}

fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    name == "sig" || CREDENTIAL_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out_of_every_address() {
        for (text, shown) in [
            ("git::https://user:token@host/x.git?ref=v1", "git::https://host/x.git?ref=v1"),
            ("from 'https://token@a/x' to https://u:p@b:1/y", "from 'https://a/x' to https://b:1/y"),
            ("https://u:p@ss@host", "https://host"),
            ("{\"source\":\"git::https://u:p@host\"}", "{\"source\":\"git::https://host\"}"),
            ("ssh://git@host/x.git", "ssh://git@host/x.git"),
            ("ssh://git:p@host/x.git", "ssh://host/x.git"),
            ("https://host/a@b mail me@host", "https://host/a@b mail me@host"),
            ("no address at all: a@b", "no address at all: a@b"),
            ("git::https://u:a/p@host/x.git", "git::https://host/x.git"),
            ("https://host:8080/a@b", "https://host:8080/a@b"),
            ("'git::ssh://git@h/x?sshkey=AAA&ref=v1'", "'git::ssh://git@h/x?sshkey=(redacted)&ref=v1'"),
            (
                "https://h/x.zip?X-Amz-Signature=0a&X-Amz-Date=1",
                "https://h/x.zip?X-Amz-Signature=(redacted)&X-Amz-Date=1",
            ),
            (
                "s3::https://h/x?aws_access_key_secret=k. Next",
                "s3::https://h/x?aws_access_key_secret=(redacted) Next",
            ),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
