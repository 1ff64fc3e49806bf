//! Choices in the shared files of AWS, Google and Azure: region, role, account, endpoint, project, subscription.
//!
//! The files lie in the home folder or at a path in a variable. Keys, tokens and expiry times in them are left out: they are
//! renewed, and the other entries choose the account that they are for.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    io,
};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::{files, process::EnvVars};

/// Text in place of the content of a file that cannot be read.
const UNREADABLE: &str = "not read";

/// Keys of an AWS profile that choose an account, a region or an endpoint.
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>.
const PROFILE_KEYS: &[&str] = &[
    "aws_account_id",
    "credential_process",
    "credential_source",
    "external_id",
    "region",
    "role_arn",
    "services",
    "source_profile",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "sts_regional_endpoints",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
];

/// Members of a Google credentials file that choose an account or a project.
/// Source: <https://cloud.google.com/docs/authentication/application-default-credentials>.
const CREDENTIAL_MEMBERS: &[&str] = &[
    "account",
    "audience",
    "client_email",
    "client_id",
    "project_id",
    "quota_project_id",
    "service_account_impersonation_url",
    "type",
    "universe_domain",
    "workforce_pool_user_project",
];

/// Keys of a gcloud configuration that choose an account, a project or a region.
/// Source: <https://cloud.google.com/sdk/gcloud/reference/config>.
const CONFIGURATION_KEYS: &[&str] = &[
    "auth.impersonate_service_account",
    "billing.quota_project",
    "compute.region",
    "compute.zone",
    "core.account",
    "core.project",
    "core.universe_domain",
];

/// Returns the choices in the shared files that the environment variables lead to, by names such as `AWS profile dev:
/// region`. Relative paths start at `dir`, where the engine runs; `profiles` are further AWS profiles, such as that of a
/// backend.
pub fn shared_accounts(env: &EnvVars, dir: &Utf8Path, profiles: &[&str]) -> BTreeMap<String, String> {
    let mut choices = BTreeMap::new();
    let shared = SharedAccountFiles { env, dir };
    shared.add_aws(profiles, &mut choices);
    shared.add_google(&mut choices);
    shared.add_azure(&mut choices);
    choices
}

/// Returns the paths of the shared files that the environment variables lead to, including missing files.
pub fn shared_account_files(env: &EnvVars, dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let shared = SharedAccountFiles { env, dir };
    let gcloud = shared.gcloud_folder();
    let azure = shared.azure_folder();
    let files = [
        shared.file("AWS_CONFIG_FILE", ".aws/config"),
        shared.file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
        shared.google_credentials(),
        gcloud.as_ref().map(|folder| folder.join("active_config")),
        azure.as_ref().map(|folder| folder.join("azureProfile.json")),
        azure.as_ref().map(|folder| folder.join("clouds.config")),
        azure.as_ref().map(|folder| folder.join("config")),
    ];
    let configuration = gcloud.map(|folder| shared.gcloud_configuration(&folder));
    files.into_iter().flatten().chain(configuration).collect()
}

/// Environment and working folder of an engine, which decide where the shared files lie.
struct SharedAccountFiles<'e> {
    env: &'e EnvVars,
    dir: &'e Utf8Path,
}

impl SharedAccountFiles<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    }

    /// Returns the path in the environment variable `variable`; without it, the path `below_home` in the home folder.
    fn file(&self, variable: &str, below_home: &str) -> Option<Utf8PathBuf> {
        let named = self.variable(variable).map(|path| match path.strip_prefix("~/") {
            Some(below) => self.home().map_or_else(|| path.into(), |home| home.join(below)),
            None => self.dir.join(path),
        });
        named.or_else(|| Some(self.home()?.join(below_home)))
    }

    fn home(&self) -> Option<&Utf8Path> {
        self.variable("HOME").map(Utf8Path::new)
    }

    /// Adds the choices of the AWS profile in force, of further profiles, and of the profiles and sections that these refer
    /// to.
    fn add_aws(&self, profiles: &[&str], choices: &mut BTreeMap<String, String>) {
        let config = self.file("AWS_CONFIG_FILE", ".aws/config");
        let config = sections_of("AWS config file", config, choices);
        let credentials = self.file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
        let credentials = sections_of("AWS credentials file", credentials, choices);
        let in_force = self.variable("AWS_PROFILE").or_else(|| self.variable("AWS_DEFAULT_PROFILE"));
        let mut open: Vec<String> = vec![in_force.unwrap_or("default").to_owned()];
        open.extend(profiles.iter().map(|profile| (*profile).to_owned()));
        let has_region =
            ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().any(|name| self.variable(name).is_some());
        let mut seen = BTreeSet::new();
        while let Some(profile) = open.pop() {
            if !seen.insert(profile.clone()) {
                continue;
            }
            let of_config = [format!("profile {profile}"), profile.clone()];
            let of_config =
                of_config.iter().filter(|name| name.starts_with("profile ") || *name == "default");
            let tables = of_config.filter_map(|name| config.get(name)).chain(credentials.get(&profile));
            for (key, value) in tables.flatten() {
                let is_chooser = PROFILE_KEYS.contains(&key.as_str()) || key.ends_with("endpoint_url");
                if !is_chooser || (key == "region" && has_region) {
                    continue;
                }
                choices.insert(format!("AWS profile {profile}: {key}"), value.clone());
                match key.as_str() {
                    "source_profile" => open.push(value.clone()),
                    "sso_session" => add_section(&config, &format!("sso-session {value}"), choices),
                    "services" => add_section(&config, &format!("services {value}"), choices),
                    _ => {}
                }
            }
        }
    }

    fn gcloud_folder(&self) -> Option<Utf8PathBuf> {
        self.file("CLOUDSDK_CONFIG", ".config/gcloud")
    }

    fn google_credentials(&self) -> Option<Utf8PathBuf> {
        let named = ["GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"];
        let named = named.iter().find_map(|name| self.variable(name)).map(|path| self.dir.join(path));
        named.or_else(|| Some(self.gcloud_folder()?.join("application_default_credentials.json")))
    }

    /// Returns the file of the active gcloud configuration.
    fn gcloud_configuration(&self, folder: &Utf8Path) -> Utf8PathBuf {
        let named = self.variable("CLOUDSDK_ACTIVE_CONFIG_NAME").map(str::to_owned);
        let active = named.or_else(|| text_of(&folder.join("active_config")));
        let name = active.as_deref().map_or("default", str::trim);
        folder.join("configurations").join(format!("config_{name}"))
    }

    /// Adds the choices of the active gcloud configuration and of the Google credentials.
    fn add_google(&self, choices: &mut BTreeMap<String, String>) {
        if let Some(text) = self.google_credentials().and_then(|path| text_of(&path)) {
            match serde_json::from_str::<Value>(&text) {
                Ok(credentials) => {
                    add_members("Google credentials", &credentials, CREDENTIAL_MEMBERS, choices);
                }
                Err(_) => drop(choices.insert("Google credentials".to_owned(), text)),
            }
        }
        let configuration = self.gcloud_folder().map(|folder| self.gcloud_configuration(&folder));
        for (section, keys) in sections_of("gcloud configuration", configuration, choices) {
            for (key, value) in keys {
                let key = format!("{section}.{key}");
                let is_endpoint = section == "api_endpoint_overrides";
                if is_endpoint || CONFIGURATION_KEYS.contains(&key.as_str()) {
                    choices.insert(format!("gcloud configuration: {key}"), value);
                }
            }
        }
    }

    fn azure_folder(&self) -> Option<Utf8PathBuf> {
        self.file("AZURE_CONFIG_DIR", ".azure")
    }

    /// Adds the cloud and the subscription that `az` uses.
    /// Source: <https://learn.microsoft.com/cli/azure/azure-cli-configuration>.
    fn add_azure(&self, choices: &mut BTreeMap<String, String>) {
        let Some(folder) = self.azure_folder() else { return };
        let config = sections_of("Azure CLI config", Some(folder.join("config")), choices);
        if let Some(name) = config.get("cloud").and_then(|cloud| cloud.get("name")) {
            choices.insert("Azure CLI: cloud".to_owned(), name.clone());
        }
        let clouds = sections_of("Azure CLI clouds", Some(folder.join("clouds.config")), choices);
        for (cloud, keys) in clouds {
            if let Some(subscription) = keys.get("subscription") {
                choices.insert(format!("Azure CLI: subscription in {cloud}"), subscription.clone());
            }
        }
        let Some(text) = text_of(&folder.join("azureProfile.json")) else { return };
        let Ok(profile) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
            choices.insert("Azure CLI profile".to_owned(), text);
            return;
        };
        let subscriptions = profile["subscriptions"].as_array().into_iter().flatten();
        for subscription in subscriptions.filter(|subscription| subscription["isDefault"] == true) {
            let name = "Azure CLI profile";
            add_members(name, subscription, &["environmentName", "id", "tenantId"], choices);
            add_members(&format!("{name}: user"), &subscription["user"], &["name", "type"], choices);
        }
    }
}

/// Returns the text of a file: [`UNREADABLE`] if it cannot be read, `None` if it does not exist.
fn text_of(path: &Utf8Path) -> Option<String> {
    match files::read(path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => None,
        Err(_) => Some(UNREADABLE.to_owned()),
    }
}

/// Returns the sections of a file; empty if the file does not exist. An unreadable file adds a choice called `name`, since
/// its content is unknown.
fn sections_of(name: &str, path: Option<Utf8PathBuf>, choices: &mut BTreeMap<String, String>) -> Sections {
    let text = path.and_then(|path| text_of(&path)).unwrap_or_default();
    if text == UNREADABLE {
        choices.insert(name.to_owned(), text);
        return Sections::new();
    }
    parse_sections(&text)
}

/// Adds the wanted members of a JSON object to the choices; their names start with `name`.
fn add_members(name: &str, object: &Value, wanted: &[&str], choices: &mut BTreeMap<String, String>) {
    for member in wanted {
        if let Some(value) = object.get(*member) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            choices.insert(format!("{name}: {member}"), value);
        }
    }
}

/// Keys and values by section, of a file in the syntax of `configparser`.
type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Adds all keys of a section of an AWS file in which every key is a choice.
fn add_section(sections: &Sections, name: &str, choices: &mut BTreeMap<String, String>) {
    for (key, value) in sections.get(name).into_iter().flatten() {
        choices.insert(format!("AWS {name}: {key}"), value.clone());
    }
}

/// Parses a file in the syntax of Python's `configparser`; a nested key, as `endpoint_url` below `s3 =`, gets the name
/// `s3.endpoint_url`.
fn parse_sections(text: &str) -> Sections {
    let mut found = Sections::new();
    let (mut section, mut outer) = (String::new(), String::new());
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.split_whitespace().collect::<Vec<_>>().join(" ");
            outer.clear();
            found.entry(section.clone()).or_default();
            continue;
        }
        let Some((key, value)) = bare.split_once(['=', ':']) else { continue };
        let (key, value) = (key.trim().to_lowercase(), value.trim().to_owned());
        let is_inner = line.starts_with([' ', '\t']) && !outer.is_empty();
        let name = if is_inner { format!("{outer}.{key}") } else { key.clone() };
        if !is_inner {
            outer = if value.is_empty() { key } else { String::new() };
        }
        found.entry(section.clone()).or_default().insert(name, value);
    }
    found
}

#[cfg(test)]
mod tests;
