//! The variables and the files of settings that decide what an engine and its providers do, and where.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::files;

/// What the names of variables start with that providers, backends and engines take credentials, regions, endpoints and
/// values from. Documented in `docs/stored-plans.md`.
pub const BOUND_PREFIXES: &[&str] = &[
    "ALICLOUD_",
    "ARM_",
    "AWS_",
    "AZURE_",
    "CLOUDFLARE_",
    "CLOUDSDK_",
    "CONSUL_",
    "DIGITALOCEAN_",
    "GOOGLE_",
    "HCLOUD_",
    "KUBE",
    "NOMAD_",
    "OCI_",
    "OS_",
    "PG",
    "TF_ENCRYPTION",
    "TF_HTTP_",
    "TF_REATTACH_PROVIDERS",
    "TF_TOKEN_",
    "TF_VAR_",
    "VAULT_",
];

/// Credentials that are made anew every hour or every job, and what only names the session.
const ROTATING: &[&str] = &[
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
];

/// Those that come with a session token and change with it.
const OF_A_SESSION: &[&str] =
    &["AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"];

/// The variable under which a debugger lends an engine its own provider.
const LENT_PROVIDERS: &str = "TF_REATTACH_PROVIDERS";

/// The variables of an environment that a plan is bound to, sorted: those that matter by their names, and further ones.
pub fn bound_variables<'e>(
    env: &'e BTreeMap<OsString, OsString>,
    further: &'e BTreeSet<String>,
) -> BTreeSet<&'e str> {
    let session = in_session(env);
    env.keys()
        .filter_map(|name| name.to_str())
        .filter(|name| {
            further.contains(*name) || BOUND_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        })
        .filter(|name| !ROTATING.contains(name))
        .filter(|name| !session || !OF_A_SESSION.contains(name))
        .collect()
}

/// Variables, in any case, by which programs choose a proxy.
const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// Beginning of the names of variables by which programs choose whose certificates they trust.
const CERTIFICATES: &str = "SSL_CERT_";

/// Returns the variables of an environment that are recorded with a plan and not compared, sorted: proxies and trusted
/// certificates, which belong to a machine.
pub fn recorded_variables(env: &BTreeMap<OsString, OsString>) -> BTreeSet<&str> {
    let names = env.keys().filter_map(|name| name.to_str());
    names
        .filter(|name| {
            name.starts_with(CERTIFICATES) || PROXIES.contains(&name.to_ascii_uppercase().as_str())
        })
        .collect()
}

/// What kind of credentials for AWS an environment holds: those of a session are not bound one by one.
pub fn aws_credentials(env: &BTreeMap<OsString, OsString>) -> &'static str {
    let keys = || OF_A_SESSION.iter().any(|name| is_set(env, name));
    match in_session(env) {
        true => "of a session",
        false if keys() => "keys",
        false => "none in the environment",
    }
}

fn in_session(env: &BTreeMap<OsString, OsString>) -> bool {
    ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"].iter().any(|name| is_set(env, name))
}

fn is_set(env: &BTreeMap<OsString, OsString>, name: &str) -> bool {
    env.get(OsStr::new(name)).is_some_and(|value| !value.is_empty())
}

/// The files of settings that engines read: the one that is named, else those in the home folder; existing ones only, in
/// an order of their own.
///
/// Source: <https://opentofu.org/docs/cli/config/config-file/#locations>; that every `*.tfrc` and `*.tfrc.json` beside them
/// counts was measured on `OpenTofu` 1.12.
pub fn cli_configs(env: &BTreeMap<OsString, OsString>) -> Vec<Utf8PathBuf> {
    let variable = |name: &str| {
        env.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    };
    if let Some(named) = variable("TF_CLI_CONFIG_FILE").or_else(|| variable("TERRAFORM_CONFIG")) {
        return vec![named.into()];
    }
    let home = variable("HOME").map(Utf8Path::new);
    let own =
        variable("XDG_CONFIG_HOME").map(Utf8PathBuf::from).or_else(|| home.map(|home| home.join(".config")));
    let own = own.map(|own| own.join("opentofu"));
    let files = [
        home.map(|home| home.join(".tofurc")),
        home.map(|home| home.join(".terraformrc")),
        own.as_ref().map(|own| own.join("tofurc")),
    ];
    let folders = [home.map(|home| home.join(".terraform.d")), own];
    let mut found: Vec<Utf8PathBuf> = files.into_iter().flatten().collect();
    found.extend(folders.into_iter().flatten().flat_map(|folder| more_settings(&folder)));
    found.retain(|file| files::is_there(file));
    found
}

/// The further files of settings in a folder, sorted; none where there is no folder, or none that can be read.
fn more_settings(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().filter_map(Result::ok);
    let is_one =
        |path: &Utf8PathBuf| path.extension() == Some("tfrc") || path.as_str().ends_with(".tfrc.json");
    let mut found: Vec<Utf8PathBuf> = entries.map(|entry| entry.path().to_owned()).filter(is_one).collect();
    found.sort();
    found
}

/// What in an environment would put another provider in the place of the locked one, if anything does.
pub fn replaced_providers(env: &BTreeMap<OsString, OsString>) -> Option<String> {
    if is_set(env, LENT_PROVIDERS) {
        return Some(format!("`{LENT_PROVIDERS}` is set"));
    }
    let code = |line: &str| !line.starts_with('#') && !line.starts_with("//");
    cli_configs(env).into_iter().find_map(|file| match files::read(&file) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let mut lines = text.lines().map(str::trim);
            let found = lines.any(|line| code(line) && line.contains("dev_overrides"));
            found.then(|| format!("`{file}` has `dev_overrides`"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("`{file}` cannot be read, and may have `dev_overrides` ({error})")),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn credentials_regions_endpoints_and_values_are_bound_and_sessions_are_not() {
        let mut pairs = vec![
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_ENDPOINT_URL_S3", "x"),
            ("AWS_ROLE_SESSION_NAME", "build-7"),
            ("FURTHER", "x"),
            ("HOME", "/"),
            ("PG_CONN_STR", "x"),
            ("PWD", "/"),
            ("TF_PLUGIN_CACHE_DIR", "/x"),
            ("TF_VAR_x", "1"),
        ];
        let bound = |pairs: &[(&str, &str)]| -> Vec<String> {
            let further = ["AWS_ROLE_SESSION_NAME", "FURTHER", "ABSENT"].map(str::to_owned).into();
            bound_variables(&env(pairs), &further).into_iter().map(str::to_owned).collect()
        };
        let mut expected =
            vec!["AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3", "FURTHER", "PG_CONN_STR", "TF_VAR_x"];
        assert_eq!(bound(&pairs), expected);
        assert_eq!(aws_credentials(&env(&pairs)), "keys");
        pairs.push(("AWS_SESSION_TOKEN", "t"));
        expected.remove(0);
        assert_eq!(bound(&pairs), expected);
        assert_eq!(aws_credentials(&env(&pairs)), "of a session");
        assert_eq!(aws_credentials(&env(&[])), "none in the environment");
    }

    #[test]
    fn every_file_of_settings_in_the_home_folder_counts_unless_one_is_named() {
        let keep = tempfile::tempdir().unwrap();
        let home = Utf8Path::from_path(keep.path()).unwrap();
        for file in [".tofurc", ".terraform.d/b.tfrc.json", ".terraform.d/a.tfrc", ".config/opentofu/c.tfrc"]
        {
            let path = home.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(home.join(".terraform.d/checkpoint_cache"), "").unwrap();
        let found = |pairs: &[(&str, &str)]| -> Vec<String> {
            let short = |path: Utf8PathBuf| path.strip_prefix(home).unwrap_or(&path).to_string();
            cli_configs(&env(pairs)).into_iter().map(short).collect()
        };
        let all = [".tofurc", ".terraform.d/a.tfrc", ".terraform.d/b.tfrc.json", ".config/opentofu/c.tfrc"];
        assert_eq!(found(&[("HOME", home.as_str())]), all);
        assert_eq!(found(&[("HOME", home.as_str()), ("TF_CLI_CONFIG_FILE", "/rc")]), ["/rc"]);
    }

    #[test]
    fn providers_that_are_not_the_locked_ones_are_noticed() {
        let keep = tempfile::tempdir().unwrap();
        let file = keep.path().join("rc");
        let of = |text: &str| {
            fs::write(&file, text).unwrap();
            replaced_providers(&env(&[("TF_CLI_CONFIG_FILE", file.to_str().unwrap())])).is_some()
        };
        assert!(of("provider_installation {\n  dev_overrides {\n  }\n}\n"));
        assert!(!of("# no dev_overrides here\nplugin_cache_dir = \"/x\"\n"));
        assert!(replaced_providers(&env(&[("TF_REATTACH_PROVIDERS", "{}")])).is_some());
        assert!(replaced_providers(&env(&[("TF_REATTACH_PROVIDERS", "")])).is_none());
    }
}
