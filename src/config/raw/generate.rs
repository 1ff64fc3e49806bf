//! `[generate.github]` and `[generate.gitlab]`: pipelines that are generated from this file.

use super::{
    field::{Placed, Read},
    json::Json,
    map::Map,
    reader::{Node, Reader},
    table::{plain_table, table},
    template::Template,
    text_values::Cron,
    words::one_of,
};

table! {
    /// The pipelines that are written from this file.
    struct GenerateTable {
        /// For GitHub Actions.
        github: Option<PipelineTable>,
        /// For GitLab CI.
        gitlab: Option<PipelineTable>,
    }
}

table! {
    /// One pipeline.
    struct PipelineTable {
        /// Deploys, by the name of their job.
        deploy: Map<DeployTable>,
        /// When drift is looked for.
        drift: Option<Cron>,
        /// When environments are compared.
        parity: Option<Cron>,
        /// Steps before envctl's own, as the pipeline's language has them.
        setup: Vec<Json>,
        /// How the pipeline comes to its credentials.
        credentials: Option<CredentialsTable>,
    }
}

table! {
    /// When an environment is deployed.
    struct DeployTable {
        /// The event.
        on: Option<Template>,
        /// The branch.
        branch: Option<Template>,
        /// The environment.
        environment: Option<Placed<String>>,
    }
}

table! {
    /// How a pipeline comes to its credentials.
    struct CredentialsTable {
        /// The kind.
        kind: Option<CredentialsKind>,
        /// The role to take on.
        role: Option<Template>,
        /// The region.
        region: Option<Template>,
    }
}

plain_table!(GenerateTable, PipelineTable, DeployTable ["on", "environment"], CredentialsTable ["kind"]);

/// Kind of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialsKind {
    /// Role that the pipeline assumes with its own token.
    AwsOidc,
    /// Access keys from the pipeline's secrets.
    AwsKeys,
}

impl Read for CredentialsKind {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        one_of(node, reader, &[("aws-oidc", Self::AwsOidc), ("aws-keys", Self::AwsKeys)])
    }
}

impl schemars::JsonSchema for CredentialsKind {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CredentialsKind".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": ["aws-oidc", "aws-keys"] })
    }
}
