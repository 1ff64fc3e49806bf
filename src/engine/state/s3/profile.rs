//! Profile in the two shared files of AWS (config and credentials), as far as it holds plain keys.
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>

use std::{collections::BTreeMap, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{UnsupportedSettings, keys::AccessKeys, variables::AwsVariables};
use crate::files;

/// Keys that have no effect on a HEAD request.
const WITHOUT_EFFECT: &[&str] =
    &["cli_pager", "cli_timestamp_format", "max_attempts", "output", "region", "retry_mode"];

/// Keys that matter only if the credentials come from the profile: other sources of credentials.
const OTHER_CREDENTIALS: &[&str] = &[
    "credential_process",
    "credential_source",
    "duration_seconds",
    "external_id",
    "login_session",
    "mfa_serial",
    "role_arn",
    "role_session_name",
    "source_profile",
    "sso_account_id",
    "sso_region",
    "sso_registration_scopes",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// Keys of a profile that hold plain credentials.
const CREDENTIAL_KEYS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

/// Keys and values of one section, with lower-case keys.
type Section = BTreeMap<String, String>;

/// Profile without any key that envctl does not know.
pub(super) struct Profile {
    name: String,
    credentials: Section,
    /// Keys of the profile that name other sources of credentials.
    other_credentials: Vec<String>,
}

impl Profile {
    /// Reads the profile of the settings, else that of the environment, else the default one.
    pub(super) fn read(
        named: Option<&str>,
        variables: &AwsVariables<'_>,
    ) -> Result<Self, UnsupportedSettings> {
        let named = named.or_else(|| variables.get("AWS_PROFILE"));
        let name = named.unwrap_or("default");
        let path = |variable: &str, file: &str| -> Option<Utf8PathBuf> {
            let home = || variables.get("HOME").map(|home| Utf8Path::new(home).join(".aws").join(file));
            variables.get(variable).map(Utf8PathBuf::from).or_else(home)
        };
        let config = path("AWS_CONFIG_FILE", "config");
        let headings: &[String] = &[format!("profile {name}"), name.to_owned()];
        // In the config file only the default profile may have a heading without `profile`.
        let settings = section(config, &headings[..if name == "default" { 2 } else { 1 }])?;
        let credentials = section(path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), &headings[1..])?;
        if named.is_some() && settings.is_none() && credentials.is_none() {
            return Err(UnsupportedSettings(format!("profile `{name}` is in no file")));
        }
        let (settings, credentials) = (settings.unwrap_or_default(), credentials.unwrap_or_default());
        let all = || {
            settings.keys().chain(credentials.keys().filter(|key| !CREDENTIAL_KEYS.contains(&key.as_str())))
        };
        let of = |table: &[&str], key: &String| table.contains(&key.as_str());
        if let Some(key) = all().find(|key| !of(WITHOUT_EFFECT, key) && !of(OTHER_CREDENTIALS, key)) {
            return Err(unsupported_key(key, name));
        }
        let other_credentials = all().filter(|key| of(OTHER_CREDENTIALS, key)).cloned().collect();
        Ok(Self { name: name.to_owned(), credentials, other_credentials })
    }

    /// Returns the keys of the profile; refuses other sources of credentials.
    pub(super) fn keys(&self) -> Result<AccessKeys, UnsupportedSettings> {
        if let Some(key) = self.other_credentials.first() {
            return Err(unsupported_key(key, &self.name));
        }
        let [id, secret, token] =
            CREDENTIAL_KEYS.map(|name| self.credentials.get(name).filter(|text| !text.is_empty()));
        let (Some(id), Some(secret)) = (id, secret) else {
            return Err(UnsupportedSettings("there are no plain keys for it".to_owned()));
        };
        // The SDKs of AWS parse quotes and comments differently.
        let odd = |text: &&String| text.contains(['"', '\'', '#', ';', ' ', '\t']);
        if [Some(id), Some(secret), token].into_iter().flatten().any(|text| odd(&text)) {
            return Err(UnsupportedSettings(format!(
                "the keys of profile `{}` cannot be determined",
                self.name
            )));
        }
        Ok(AccessKeys { key_id: id.clone(), secret: secret.clone(), session_token: token.cloned() })
    }
}

fn unsupported_key(key: &str, profile: &str) -> UnsupportedSettings {
    UnsupportedSettings(format!("`{key}` of profile `{profile}` is not followed"))
}

/// Reads the section with any of these headings; `None` if there is no file or no such heading.
fn section(path: Option<Utf8PathBuf>, headings: &[String]) -> Result<Option<Section>, UnsupportedSettings> {
    let Some(path) = path else { return Ok(None) };
    let text = match files::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(UnsupportedSettings(format!("`{path}` cannot be read: {error}"))),
    };
    let mut found: Option<Section> = None;
    let (mut within, mut below) = (false, false);
    for line in text.lines() {
        if line.trim().is_empty() || line.trim().starts_with(['#', ';']) {
            continue;
        }
        // An indented line belongs to the line above it, whose key is checked.
        if line.starts_with([' ', '\t']) {
            if below && !line.trim().starts_with('[') {
                continue;
            }
            return Err(UnsupportedSettings(format!("`{path}` cannot be read for sure")));
        }
        below = !line.starts_with('[');
        if let Some(heading) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
            within = headings.contains(&heading);
            if within {
                found.get_or_insert_default();
            }
        } else if let (true, Some((name, value))) = (within, line.split_once('=')) {
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
            found.get_or_insert_default().insert(name, value);
        }
    }
    Ok(found)
}
