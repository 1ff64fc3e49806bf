//! Variables from which providers, backends and engines choose an account, a project, a region or an endpoint.

use std::{collections::BTreeSet, ffi::OsStr};

use crate::{model::VariablePattern, process::EnvVars};

/// Variables of one provider or tool: whole names, and beginnings of names that end with `*`.
struct ProviderVariables {
    /// Names of the variables; a `*` at the end stands for any further characters.
    names: &'static [&'static str],
    /// Page or source file that documents the variables.
    #[cfg_attr(not(test), expect(dead_code, reason = "the source of each row is for its readers"))]
    source: &'static str,
}

/// Returns a row of [`PROVIDERS`].
const fn row(source: &'static str, names: &'static [&'static str]) -> ProviderVariables {
    ProviderVariables { names, source }
}

/// Variables that a plan is bound to, documented in `docs/stored-plans.md`. A row has a prefix if all variables of a tool
/// choose something, and whole names if variables of CI jobs have the same prefix (`GITHUB_RUN_ID`, `GITLAB_USER_LOGIN`).
const PROVIDERS: &[ProviderVariables] = &[
    row("https://registry.terraform.io/providers/aliyun/alicloud/latest/docs", &["ALICLOUD_*"]),
    row("https://www.alibabacloud.com/help/en/cli/environment-variables", &["ALIBABA_CLOUD_*"]),
    row(
        "https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs#argument-reference",
        &["ARM_*"],
    ),
    row(
        "https://registry.terraform.io/providers/hashicorp/aws/latest/docs#environment-variables",
        &["AWS_*"],
    ),
    row(
        "https://raw.githubusercontent.com/auth0/terraform-provider-auth0/main/docs/index.md",
        &["AUTH0_CLIENT_ID", "AUTH0_DOMAIN"],
    ),
    row(
        "https://learn.microsoft.com/dotnet/api/overview/azure/identity-readme#environment-variables",
        &["AZURE_*"],
    ),
    row("https://registry.terraform.io/providers/cloudflare/cloudflare/latest/docs", &["CLOUDFLARE_*"]),
    row(
        "https://cloud.google.com/sdk/docs/properties#setting_properties_using_environment_variables",
        &["CLOUDSDK_*"],
    ),
    row("https://developer.hashicorp.com/consul/commands#environment-variables", &["CONSUL_*"]),
    row(
        "https://docs.databricks.com/aws/dev-tools/auth/env-vars",
        &["DATABRICKS_ACCOUNT_ID", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLUSTER_ID", "DATABRICKS_HOST"],
    ),
    row(
        "https://registry.terraform.io/providers/DataDog/datadog/latest/docs",
        &["DD_API_KEY", "DD_APP_KEY", "DD_HOST", "DATADOG_API_KEY", "DATADOG_APP_KEY", "DATADOG_HOST"],
    ),
    row("https://registry.terraform.io/providers/digitalocean/digitalocean/latest/docs", &["DIGITALOCEAN_*"]),
    row(
        "https://docs.docker.com/reference/cli/docker/#environment-variables",
        &["DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_CONTEXT"],
    ),
    row("https://registry.terraform.io/providers/exoscale/exoscale/latest/docs", &["EXOSCALE_*"]),
    row(
        "https://registry.terraform.io/providers/fastly/fastly/latest/docs",
        &["FASTLY_API_KEY", "FASTLY_API_URL"],
    ),
    row(
        "https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference",
        &["GCLOUD_*", "GOOGLE_*"],
    ),
    row(
        "https://registry.terraform.io/providers/integrations/github/latest/docs",
        &[
            "GITHUB_APP_ID",
            "GITHUB_APP_INSTALLATION_ID",
            "GITHUB_BASE_URL",
            "GITHUB_ORGANIZATION",
            "GITHUB_OWNER",
        ],
    ),
    row(
        "https://registry.terraform.io/providers/gitlabhq/gitlab/latest/docs",
        &["GITLAB_BASE_URL", "GITLAB_TOKEN"],
    ),
    row("https://registry.terraform.io/providers/grafana/grafana/latest/docs", &["GRAFANA_*"]),
    row("https://registry.terraform.io/providers/hetznercloud/hcloud/latest/docs", &["HCLOUD_*"]),
    row(
        "https://helm.sh/docs/helm/helm/",
        &[
            "HELM_DRIVER",
            "HELM_DRIVER_SQL_CONNECTION_STRING",
            "HELM_KUBEAPISERVER",
            "HELM_KUBEASUSER",
            "HELM_KUBECONTEXT",
            "HELM_NAMESPACE",
        ],
    ),
    row(
        "https://registry.terraform.io/providers/heroku/heroku/latest/docs",
        &["HEROKU_API_KEY", "HEROKU_EMAIL"],
    ),
    row("https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs", &["IBMCLOUD_*", "IC_*"]),
    row("https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs", &["KUBE*"]),
    row("https://registry.terraform.io/providers/linode/linode/latest/docs", &["LINODE_*"]),
    row(
        "https://registry.terraform.io/providers/mongodb/mongodbatlas/latest/docs",
        &["MCLI_*", "MONGODB_ATLAS_*"],
    ),
    row(
        "https://registry.terraform.io/providers/newrelic/newrelic/latest/docs",
        &["NEW_RELIC_ACCOUNT_ID", "NEW_RELIC_API_KEY", "NEW_RELIC_REGION"],
    ),
    row("https://developer.hashicorp.com/nomad/commands#environment-variables", &["NOMAD_*"]),
    row("https://docs.oracle.com/iaas/Content/API/SDKDocs/clienvironmentvariables.htm", &["OCI_*"]),
    row("https://registry.terraform.io/providers/okta/okta/latest/docs", &["OKTA_*"]),
    row(
        "https://registry.terraform.io/providers/terraform-provider-openstack/openstack/latest/docs",
        &["OS_*"],
    ),
    row(
        "https://github.com/ovh/terraform-provider-ovh/blob/v0.14.0/ovh/provider.go",
        &["OVH_APPLICATION_KEY", "OVH_ENDPOINT"],
    ),
    row("https://registry.terraform.io/providers/PagerDuty/pagerduty/latest/docs", &["PAGERDUTY_*"]),
    row("https://www.postgresql.org/docs/current/libpq-envars.html", &["PG*"]),
    row(
        "https://registry.terraform.io/providers/cyrilgdn/rabbitmq/latest/docs",
        &["RABBITMQ_ENDPOINT", "RABBITMQ_USERNAME"],
    ),
    row("https://registry.terraform.io/providers/scaleway/scaleway/latest/docs", &["SCW_*"]),
    row("https://registry.terraform.io/providers/jianyuan/sentry/latest/docs", &["SENTRY_BASE_URL"]),
    row("https://registry.terraform.io/providers/snowflakedb/snowflake/latest/docs", &["SNOWFLAKE_*"]),
    row(
        "https://registry.terraform.io/providers/tencentcloudstack/tencentcloud/latest/docs",
        &["TENCENTCLOUD_*"],
    ),
    row("https://opentofu.org/docs/language/state/encryption/", &["TF_ENCRYPTION*"]),
    row("https://developer.hashicorp.com/terraform/language/backend/http", &["TF_HTTP_*"]),
    row("https://developer.hashicorp.com/terraform/plugin/debugging", &["TF_REATTACH_PROVIDERS"]),
    row(
        "https://developer.hashicorp.com/terraform/cli/config/config-file#environment-variable-credentials",
        &["TF_TOKEN_*"],
    ),
    row(
        "https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_var_name",
        &["TF_VAR_*"],
    ),
    row("https://developer.hashicorp.com/vault/docs/commands#environment-variables", &["VAULT_*"]),
    row(
        "https://registry.terraform.io/providers/vmware/vsphere/latest/docs",
        &["VSPHERE_SERVER", "VSPHERE_USER"],
    ),
    row("https://registry.terraform.io/providers/vultr/vultr/latest/docs", &["VULTR_API_KEY"]),
    row("https://registry.terraform.io/providers/yandex-cloud/yandex/latest/docs", &["YC_*"]),
];

/// Credentials that are issued anew every hour or for every job, and names of sessions.
const ROTATING_CREDENTIALS: &[&str] = &[
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALICLOUD_SECURITY_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "IBMCLOUD_IAM_REFRESH_TOKEN",
    "IBMCLOUD_IAM_TOKEN",
    "IC_IAM_REFRESH_TOKEN",
    "IC_IAM_TOKEN",
    "OKTA_ACCESS_TOKEN",
    "SNOWFLAKE_OAUTH_ACCESS_TOKEN",
    "SNOWFLAKE_PASSCODE",
    "SNOWFLAKE_TOKEN",
    "TENCENTCLOUD_SECURITY_TOKEN",
    "YC_TOKEN",
];

/// Variables with the paths of credential files: CI jobs create such files under random names. A plan is bound to the
/// account that the file chooses instead (`shared_accounts`), or the file holds a token.
const CREDENTIAL_FILES: &[&str] = &[
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_OIDC_TOKEN_FILE_PATH",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_CONFIG_DIR",
    "AZURE_FEDERATED_TOKEN_FILE",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "CLOUDSDK_CONFIG",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_GHA_CREDS_PATH",
];

/// Session tokens, with the keys that are issued together with them.
const SESSION_KEYS: &[(&[&str], &[&str])] = &[
    (
        &["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"],
        &["AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"],
    ),
    (
        &["ALIBABA_CLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN"],
        &[
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "ALICLOUD_ACCESS_KEY",
            "ALICLOUD_SECRET_KEY",
        ],
    ),
    (&["TENCENTCLOUD_SECURITY_TOKEN"], &["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"]),
];

/// Variables, in any case, that name a proxy.
const PROXY_VARIABLES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// Prefix of the variables that name trusted certificates.
const CERTIFICATE_PREFIX: &str = "SSL_CERT_";

/// Returns the names of the variables that a plan is bound to: those in `PROVIDERS`, those that environments.toml sets
/// (`set`), and those that match a pattern of its key `bind`, without rotating credentials.
pub fn bound_variables<'e>(
    env: &'e EnvVars,
    set: &BTreeSet<String>,
    bind: &[VariablePattern],
) -> BTreeSet<&'e str> {
    let in_session: Vec<&str> = SESSION_KEYS
        .iter()
        .filter(|(tokens, _)| tokens.iter().any(|token| is_set(env, token)))
        .flat_map(|(_, keys)| *keys)
        .copied()
        .collect();
    env.keys()
        .filter_map(|name| name.to_str())
        .filter(|name| set.contains(*name) || is_of_provider(name) || bind.iter().any(|p| p.matches(name)))
        .filter(|name| {
            ![ROTATING_CREDENTIALS, CREDENTIAL_FILES, in_session.as_slice()]
                .iter()
                .any(|names| names.contains(name))
        })
        .collect()
}

/// Returns true if a row of [`PROVIDERS`] has a variable.
fn is_of_provider(name: &str) -> bool {
    PROVIDERS.iter().flat_map(|row| row.names).any(|known| match known.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *known,
    })
}

/// Returns the names of the variables that a plan records but that an apply does not compare: proxies and trusted
/// certificates, which belong to a machine.
pub fn recorded_variables(env: &EnvVars) -> BTreeSet<&str> {
    let names = env.keys().filter_map(|name| name.to_str());
    names
        .filter(|name| {
            name.starts_with(CERTIFICATE_PREFIX)
                || PROXY_VARIABLES.contains(&name.to_ascii_uppercase().as_str())
        })
        .collect()
}

/// Returns the kind of AWS credentials in an environment: a plan is bound to it instead of the single keys of a session.
pub fn aws_credentials(env: &EnvVars) -> &'static str {
    let (tokens, keys) = SESSION_KEYS[0];
    let holds = |names: &[&str]| names.iter().any(|name| is_set(env, name));
    match (holds(tokens), holds(keys)) {
        (true, _) => "of a session",
        (false, true) => "keys",
        (false, false) => "none in the environment",
    }
}

/// Returns true if a variable is set and not empty.
pub(in crate::engine) fn is_set(env: &EnvVars, name: &str) -> bool {
    env.get(OsStr::new(name)).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> EnvVars {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn bound(pairs: &[(&str, &str)]) -> Vec<String> {
        let set = ["AWS_ROLE_SESSION_NAME", "FURTHER", "ABSENT"].map(str::to_owned).into();
        let bind = ["ACME_*", "https_proxy"].map(|pattern| pattern.parse().unwrap());
        bound_variables(&env(pairs), &set, &bind).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn variables_that_choose_an_account_are_bound_and_sessions_are_not() {
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
    fn whole_names_leave_out_what_a_job_sets_for_itself() {
        let pairs = ["GITHUB_OWNER", "GITHUB_RUN_ID", "GITHUB_TOKEN", "GITLAB_USER_LOGIN", "DD_TRACE_ID"];
        assert_eq!(bound(&pairs.map(|name| (name, "x"))), ["GITHUB_OWNER"]);
        let pairs =
            ["AUTH0_API_TOKEN", "AUTH0_DOMAIN", "DATABRICKS_HOST", "DATABRICKS_TOKEN", "OVH_ENDPOINT"];
        let expected = ["AUTH0_DOMAIN", "DATABRICKS_HOST", "OVH_ENDPOINT"];
        assert_eq!(bound(&pairs.map(|name| (name, "x"))), expected);
        let files = ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_PROJECT", "AWS_CONFIG_FILE"];
        assert_eq!(bound(&files.map(|name| (name, "x"))), ["GOOGLE_PROJECT"]);
        let servers = ["DOCKER_CERT_PATH", "RABBITMQ_ENDPOINT", "RABBITMQ_PASSWORD", "SENTRY_AUTH_TOKEN"];
        assert_eq!(bound(&servers.map(|name| (name, "x"))), ["DOCKER_CERT_PATH", "RABBITMQ_ENDPOINT"]);
        let servers = ["SENTRY_BASE_URL", "VSPHERE_PASSWORD", "VSPHERE_SERVER"];
        assert_eq!(bound(&servers.map(|name| (name, "x"))), ["SENTRY_BASE_URL", "VSPHERE_SERVER"]);
        let session = ["TENCENTCLOUD_REGION", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECURITY_TOKEN"];
        assert_eq!(bound(&session.map(|name| (name, "x"))), ["TENCENTCLOUD_REGION"]);
    }

    #[test]
    fn bind_takes_in_more_and_a_proxy_by_it_alone() {
        let names = ["ACME_REGION", "ACMEX", "HTTPS_PROXY", "https_proxy"];
        let pairs = names.map(|name| (name, "x"));
        assert_eq!(bound(&pairs), ["ACME_REGION", "https_proxy"]);
        assert_eq!(Vec::from_iter(recorded_variables(&env(&pairs))), ["HTTPS_PROXY", "https_proxy"]);
    }

    #[test]
    fn every_row_has_its_source_and_stands_in_the_docs() {
        let docs = include_str!("../../../docs/stored-plans.md");
        for row in PROVIDERS {
            assert!(row.source.starts_with("https://"), "{}", row.source);
            for name in row.names {
                assert!(docs.contains(&format!("`{name}`")), "docs/stored-plans.md lacks `{name}`");
            }
        }
        for name in ROTATING_CREDENTIALS.iter().chain(CREDENTIAL_FILES) {
            assert!(docs.contains(&format!("`{name}`")), "docs/stored-plans.md lacks `{name}`");
        }
    }
}
