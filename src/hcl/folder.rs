//! Reading a module from its folder.

use std::{io, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use super::{HclBlock, Module, from_hcl, from_json};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, SourceFile},
    engine::layout::{auto_var_files, module_files},
    files,
    model::EngineName,
};

/// Error of reading a file or folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}`: {error}")]
pub struct ReadError {
    /// Path of the file or folder.
    pub path: Utf8PathBuf,
    /// Error of the operating system.
    pub error: io::Error,
}

impl From<ReadError> for Diagnostic {
    fn from(error: ReadError) -> Self {
        Self::error("hcl::unreadable", error.to_string())
    }
}

/// Reads the module in a folder from the files that the engine would load; errors show paths relative to `root`.
pub fn read_folder(engine: EngineName, dir: &Utf8Path, root: &Utf8Path) -> Result<Module, Diagnostics> {
    let names = files::entry_names(dir)
        .map_err(|error| Diagnostic::from(ReadError { path: dir.to_owned(), error }))?;
    let files = module_files(engine, names.iter().map(String::as_str));
    let mut found = Diagnostics::default();
    let mut module = Module { dir: dir.to_owned(), ..Module::default() };
    let mut read = |names: &[String], take: &mut dyn FnMut(&[HclBlock])| {
        for name in names {
            match read_blocks(&dir.join(name), root) {
                Ok(blocks) => take(&blocks),
                Err(diagnostic) => found.push(diagnostic),
            }
        }
    };
    read(&files.primary, &mut |blocks| module.add(blocks));
    read(&files.overrides, &mut |blocks| module.override_with(blocks));
    module.files = files.all().map(|name| dir.join(name)).collect();
    let loaded = auto_var_files(names.iter().map(String::as_str));
    module.auto_var_files = loaded.iter().map(|name| dir.join(name)).collect();
    found.finish(module).map(|(module, _)| module)
}

fn read_blocks(file: &Utf8Path, root: &Utf8Path) -> Result<Vec<HclBlock>, Diagnostic> {
    let source = read_source(file, root)?;
    if file.extension() == Some("json") { from_json::blocks(&source) } else { from_hcl::blocks(&source) }
}

/// Reads a file as text, without its byte order mark; errors show the path relative to `root`.
pub(super) fn read_source(file: &Utf8Path, root: &Utf8Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let bytes = files::read(file).map_err(|error| ReadError { path: file.to_owned(), error })?;
    let shown = file.strip_prefix(root).unwrap_or(file);
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::error("hcl::encoding", format!("`{shown}` is not UTF-8 from byte {at} on"))
    })?;
    Ok(SourceFile::new(shown, text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::hcl::Reference;

    fn module(engine: EngineName, files: &[(&str, &str)]) -> Result<Module, Diagnostics> {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        for (name, text) in files {
            fs::write(dir.join(name), text).unwrap();
        }
        read_folder(engine, dir, dir)
    }

    const S3: &str = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}\n";

    #[test]
    fn an_override_replaces_the_backend_as_a_whole() {
        let files = [
            ("main.tf", S3),
            ("local_override.tf", "terraform {\n  backend \"local\" {}\n}\nvariable \"x\" { default = 2 }"),
            ("vars.tf", "variable \"x\" {\n  sensitive = true\n}\n"),
        ];
        let module = module(EngineName::Terraform, &files).unwrap();
        let backend = module.backend.unwrap();
        assert_eq!((backend.backend_type.as_str(), backend.attributes.len()), ("local", 0));
        assert_eq!(backend.header_span.file_and_line(), "local_override.tf:2");
        assert!(module.variables["x"].sensitive && module.variables["x"].default.is_some());
    }

    #[test]
    fn an_override_can_make_it_cloud() {
        let files =
            [("main.tf", S3), ("override.tf", "terraform {\n  cloud {\n    organization = \"o\"\n  }\n}\n")];
        let module = module(EngineName::Tofu, &files).unwrap();
        assert!(module.backend.is_none());
        assert_eq!(module.cloud_span.unwrap().file_and_line(), "override.tf:2");
    }

    #[test]
    fn an_override_can_make_cloud_a_backend() {
        let files = [("main.tf", "terraform {\n  cloud {}\n}\n"), ("override.tf", S3)];
        let module = module(EngineName::Tofu, &files).unwrap();
        assert!(module.cloud_span.is_none());
        assert_eq!(module.backend.unwrap().backend_type, "s3");
    }

    #[test]
    fn only_opentofu_reads_main_tofu_instead_of_main_tf() {
        let files = [("main.tf", S3), ("main.tofu", "terraform {\n  backend \"pg\" {}\n}\n")];
        assert_eq!(module(EngineName::Tofu, &files).unwrap().backend.unwrap().backend_type, "pg");
        assert_eq!(module(EngineName::Terraform, &files).unwrap().backend.unwrap().backend_type, "s3");
    }

    #[test]
    fn every_broken_file_is_told() {
        let files = [("a.tf", "x {"), ("b.tf.json", "{"), ("c.tf", "variable \"ok\" {}")];
        let found = module(EngineName::Tofu, &files).unwrap_err();
        let files: Vec<&str> = found.0.iter().map(|d| d.labels[0].source.path().as_str()).collect();
        assert_eq!(files, ["a.tf", "b.tf.json"]);
    }

    #[test]
    fn links_modules_and_requirements_are_read() {
        let text = r#"
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}
module "vpc" { source = "../modules/vpc" }
module "remote" {
  source  = "hashicorp/x/aws"
  version = "1.0"
}
data "terraform_remote_state" "net" {
  backend   = "s3"
  workspace = terraform.workspace
  config = {
    bucket = "b"
    key    = "${var.p}/net"
  }
}
data "aws_ami" "x" {}
"#;
        let module = module(EngineName::Terraform, &[("main.tf", text)]).unwrap();
        assert_eq!(module.required_versions.len(), 1);
        assert_eq!(module.required_providers["aws"].source.as_deref(), Some("hashicorp/aws"));
        assert_eq!(module.module_calls["vpc"].local_source(), Some("../modules/vpc"));
        assert_eq!(module.module_calls["remote"].local_source(), None);
        let net = &module.remote_states["net"];
        assert_eq!(net.config.as_ref().unwrap()["bucket"].text(), Some("b"));
        let workspace = |reference: Reference<'_>| (reference == Reference::Workspace).then(|| "dev".into());
        assert_eq!(net.workspace.as_ref().unwrap().value.evaluate(&workspace), Some("dev".into()));
        assert_eq!(module.remote_states.len(), 1);
    }

    #[test]
    fn a_file_that_is_not_utf8_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs::write(dir.join("main.tf"), b"# caf\xe9\n").unwrap();
        let found = read_folder(EngineName::Tofu, dir, dir).unwrap_err();
        assert_eq!(found.to_string(), "`main.tf` is not UTF-8 from byte 5 on");
    }
}
