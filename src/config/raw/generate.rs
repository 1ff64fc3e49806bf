//! `[generate.github]` and `[generate.gitlab]`: pipelines that are generated from environments.toml.

use super::{
    field::{Located, TomlValue},
    json::Json,
    keywords::one_of,
    map::Map,
    parsed_text::Cron,
    reader::{TomlNode, TomlReader},
    table::table,
    template::Template,
    value_schema::value_schema,
};

table! {
    /// Pipelines that are generated from environments.toml.
    struct GenerateTable {
        /// Pipeline for GitHub Actions.
        github: Option<PipelineTable>,
        /// Pipeline for GitLab CI.
        gitlab: Option<PipelineTable>,
    }
}

table! {
    /// Settings of one pipeline.
    struct PipelineTable {
        /// Deploys by the name of their job.
        deploy: Map<DeployTable>,
        /// Schedule of the drift detection.
        drift: Option<Cron>,
        /// Schedule of the comparison of environments.
        parity: Option<Cron>,
        /// Steps of the pipeline before the steps that run envctl, in the syntax of the CI system.
        setup: Vec<Json>,
        /// Credentials of the pipeline.
        credentials: Option<CredentialsTable>,
    }
}

table! {
    /// Event that deploys an environment.
    struct DeployTable requires ["on", "environment"] {
        /// Event of the CI system.
        on: Option<Template>,
        /// Branch on which the event happens.
        branch: Option<Template>,
        /// Environment to deploy.
        environment: Option<Located<String>>,
    }
}

table! {
    /// Credentials of a pipeline.
    struct CredentialsTable requires ["kind"] {
        /// Kind of the credentials.
        kind: Option<CredentialsKind>,
        /// Role that the pipeline assumes.
        role: Option<Template>,
        /// Region of the provider.
        region: Option<Template>,
    }
}

/// Kind of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialsKind {
    /// Role that the pipeline assumes with its own token.
    AwsOidc,
    /// Access keys from the pipeline's secrets.
    AwsKeys,
}

impl TomlValue for CredentialsKind {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        one_of(node, reader, &[("aws-oidc", Self::AwsOidc), ("aws-keys", Self::AwsKeys)])
    }
}

value_schema!(CredentialsKind, "CredentialsKind", { "enum": ["aws-oidc", "aws-keys"] });
