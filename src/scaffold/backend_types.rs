//! Settings of the backends of OpenTofu and Terraform: those that each type knows, and the one that distinguishes states.

use crate::inventory::address::required_settings;

/// Settings of one type of backend.
struct BackendType {
    name: &'static str,
    /// Setting that distinguishes states in one backend.
    distinguishing: Option<&'static str>,
    /// Further settings that the type does not require.
    optional: &'static [&'static str],
}

const BACKEND_TYPES: [BackendType; 11] = [
    BackendType {
        name: "s3",
        distinguishing: Some("key"),
        optional: &[
            "region",
            "access_key",
            "secret_key",
            "token",
            "profile",
            "shared_credentials_file",
            "shared_credentials_files",
            "shared_config_files",
            "endpoint",
            "endpoints",
            "dynamodb_endpoint",
            "dynamodb_table",
            "use_lockfile",
            "encrypt",
            "kms_key_id",
            "acl",
            "workspace_key_prefix",
            "role_arn",
            "session_name",
            "external_id",
            "assume_role",
            "assume_role_duration_seconds",
            "assume_role_policy",
            "assume_role_policy_arns",
            "assume_role_tags",
            "assume_role_transitive_tag_keys",
            "assume_role_with_web_identity",
            "iam_endpoint",
            "sts_endpoint",
            "sts_region",
            "force_path_style",
            "use_path_style",
            "skip_credentials_validation",
            "skip_metadata_api_check",
            "skip_region_validation",
            "skip_requesting_account_id",
            "skip_s3_checksum",
            "sse_customer_key",
            "max_retries",
            "retry_mode",
            "custom_ca_bundle",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "insecure",
            "use_dualstack_endpoint",
            "use_fips_endpoint",
            "ec2_metadata_service_endpoint",
            "ec2_metadata_service_endpoint_mode",
            "allowed_account_ids",
            "forbidden_account_ids",
        ],
    },
    BackendType {
        name: "azurerm",
        distinguishing: Some("key"),
        optional: &[
            "resource_group_name",
            "environment",
            "endpoint",
            "metadata_host",
            "subscription_id",
            "tenant_id",
            "client_id",
            "client_secret",
            "client_id_file_path",
            "client_secret_file_path",
            "client_certificate",
            "client_certificate_password",
            "client_certificate_path",
            "access_key",
            "sas_token",
            "snapshot",
            "use_msi",
            "msi_endpoint",
            "use_oidc",
            "use_azuread_auth",
            "use_cli",
            "use_aks_workload_identity",
            "oidc_request_url",
            "oidc_request_token",
            "oidc_token",
            "oidc_token_file_path",
            "ado_pipeline_service_connection_id",
            "lookup_blob_endpoint",
            "timeout_seconds",
        ],
    },
    BackendType {
        name: "gcs",
        distinguishing: Some("prefix"),
        optional: &[
            "credentials",
            "access_token",
            "impersonate_service_account",
            "impersonate_service_account_delegates",
            "encryption_key",
            "kms_encryption_key",
            "storage_custom_endpoint",
        ],
    },
    BackendType { name: "local", distinguishing: Some("path"), optional: &["workspace_dir"] },
    BackendType {
        name: "consul",
        distinguishing: Some("path"),
        optional: &[
            "address",
            "scheme",
            "access_token",
            "datacenter",
            "http_auth",
            "gzip",
            "lock",
            "ca_file",
            "cert_file",
            "key_file",
        ],
    },
    BackendType {
        name: "http",
        distinguishing: None,
        optional: &[
            "update_method",
            "lock_address",
            "lock_method",
            "unlock_address",
            "unlock_method",
            "username",
            "password",
            "skip_cert_verification",
            "retry_max",
            "retry_wait_min",
            "retry_wait_max",
            "client_ca_certificate_pem",
            "client_certificate_pem",
            "client_private_key_pem",
            "headers",
        ],
    },
    BackendType {
        name: "kubernetes",
        distinguishing: Some("secret_suffix"),
        optional: &[
            "labels",
            "namespace",
            "in_cluster_config",
            "load_config_file",
            "host",
            "username",
            "password",
            "insecure",
            "client_certificate",
            "client_key",
            "cluster_ca_certificate",
            "config_path",
            "config_paths",
            "config_context",
            "config_context_auth_info",
            "config_context_cluster",
            "token",
            "exec",
            "proxy_url",
        ],
    },
    BackendType {
        name: "pg",
        distinguishing: Some("schema_name"),
        optional: &[
            "conn_str",
            "skip_schema_creation",
            "skip_table_creation",
            "skip_index_creation",
            "table_name",
            "index_name",
        ],
    },
    BackendType {
        name: "oss",
        distinguishing: Some("prefix"),
        optional: &[
            "key",
            "access_key",
            "secret_key",
            "security_token",
            "region",
            "endpoint",
            "tablestore_endpoint",
            "tablestore_table",
            "encrypt",
            "acl",
            "profile",
            "shared_credentials_file",
            "ecs_role_name",
            "assume_role",
            "assume_role_role_arn",
            "assume_role_session_name",
            "assume_role_policy",
            "assume_role_session_expiration",
            "sts_endpoint",
        ],
    },
    BackendType {
        name: "cos",
        distinguishing: Some("prefix"),
        optional: &[
            "key",
            "secret_id",
            "secret_key",
            "security_token",
            "region",
            "encrypt",
            "acl",
            "domain",
            "endpoint",
            "accelerate",
            "assume_role",
        ],
    },
    BackendType {
        name: "remote",
        distinguishing: None,
        optional: &["hostname", "organization", "token", "workspaces"],
    },
];

fn backend_type(name: &str) -> Option<&'static BackendType> {
    BACKEND_TYPES.iter().find(|backend| backend.name == name)
}

/// Returns the setting that distinguishes states in one backend of a type.
pub(super) fn distinguishing_key(name: &str) -> Option<&'static str> {
    backend_type(name)?.distinguishing
}

/// Returns the settings without which a backend of a type has no place for its state. A region is none of them: mostly the
/// environment has it.
pub(super) fn required_keys(name: &str) -> Vec<&'static str> {
    let required = required_settings(name).unwrap_or_default().iter().map(|setting| setting.key);
    required.filter(|key| *key != "region").collect()
}

/// Returns true if a type of backend knows a setting; `None` as the type means any of them.
pub(super) fn knows_key(name: Option<&str>, key: &str) -> bool {
    let knows = |backend: &BackendType| {
        backend.distinguishing == Some(key)
            || backend.optional.contains(&key)
            || required_keys(backend.name).contains(&key)
    };
    let is_meant = |backend: &&BackendType| name.is_none_or(|name| backend.name == name);
    BACKEND_TYPES.iter().filter(is_meant).any(knows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own_settings() {
        assert_eq!(required_keys("s3"), ["bucket", "key"]);
        assert_eq!(required_keys("gcs"), ["bucket"]);
        assert_eq!(distinguishing_key("gcs"), Some("prefix"));
        assert!(knows_key(Some("s3"), "dynamodb_table") && !knows_key(Some("gcs"), "dynamodb_table"));
        assert!(knows_key(None, "resource_group_name") && !knows_key(None, "instance_type"));
        assert!(required_keys("someothercloud").is_empty());
    }
}
