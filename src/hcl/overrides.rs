//! Merging of blocks into a module: blocks of ordinary files first, then blocks of override files.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/files/override>: blocks of the same name are merged
//! attribute by attribute, a backend (or `cloud`) block replaces the backend or `cloud` block before it.

use super::{Attribute, HclBlock, Module, module::VariableDecl, parts};
use crate::engine::layout::is_tofu_only;

impl Module {
    /// Adds the blocks of an ordinary file.
    pub(super) fn add(&mut self, blocks: &[HclBlock]) {
        for block in blocks {
            match (block.block_type.as_str(), block.labels.as_slice()) {
                ("terraform", _) => {
                    let backend = block.nested_blocks("backend").find_map(parts::backend);
                    self.backend = self.backend.take().or(backend);
                    let cloud = block.nested_blocks("cloud").next().map(|cloud| cloud.header_span.clone());
                    self.cloud_span = self.cloud_span.take().or(cloud);
                    self.add_requirements(block);
                }
                ("language", _) => self.add_compatibility(block),
                ("variable", [name]) => {
                    self.variables.insert(name.clone(), parts::variable(block));
                }
                ("module", [name]) => {
                    self.module_calls.insert(name.clone(), parts::module_call(name, block));
                }
                ("data", [_, name]) => {
                    self.remote_states.insert(name.clone(), parts::remote_state(name, block));
                }
                _ => {}
            }
        }
    }

    /// Merges the blocks of an override file into the module.
    pub(super) fn override_with(&mut self, blocks: &[HclBlock]) {
        for block in blocks {
            match (block.block_type.as_str(), block.labels.as_slice()) {
                ("terraform", _) => {
                    if let Some(backend) = block.nested_blocks("backend").find_map(parts::backend) {
                        self.backend = Some(backend);
                        self.cloud_span = None;
                    }
                    if let Some(cloud) = block.nested_blocks("cloud").next() {
                        self.cloud_span = Some(cloud.header_span.clone());
                        self.backend = None;
                    }
                    if block.attributes.contains_key("required_version") {
                        // OpenTofu from 1.12 reads no `required_version` in the files of Terraform.
                        let is_own = |attribute: &Attribute| {
                            attribute.value_span.source.path().file_name().is_some_and(is_tofu_only)
                        };
                        let by_own = block.attributes.get("required_version").is_some_and(is_own);
                        self.required_versions.retain(|old| is_own(old) && !by_own);
                    }
                    self.add_requirements(block);
                }
                ("variable", [name]) => {
                    let new = parts::variable(block);
                    let merged = match self.variables.get(name) {
                        None => new,
                        Some(old) => VariableDecl {
                            sensitive: if sets(block, "sensitive") { new.sensitive } else { old.sensitive },
                            ephemeral: if sets(block, "ephemeral") { new.ephemeral } else { old.ephemeral },
                            kind: if sets(block, "type") { new.kind } else { old.kind },
                            default: new.default.or_else(|| old.default.clone()),
                            header_span: old.header_span.clone(),
                        },
                    };
                    self.variables.insert(name.clone(), merged);
                }
                ("module", [name]) => {
                    let mut new = parts::module_call(name, block);
                    if let Some(old) = self.module_calls.get(name) {
                        new.source = new.source.or_else(|| old.source.clone());
                        new.version = new.version.or_else(|| old.version.clone());
                    }
                    self.module_calls.insert(name.clone(), new);
                }
                ("data", [_, name]) => {
                    let mut new = parts::remote_state(name, block);
                    if let Some(old) = self.remote_states.get(name) {
                        new.backend_type = new.backend_type.or_else(|| old.backend_type.clone());
                        new.workspace = new.workspace.or_else(|| old.workspace.clone());
                        if !sets(block, "config") {
                            new.config.clone_from(&old.config);
                        }
                    }
                    self.remote_states.insert(name.clone(), new);
                }
                _ => {}
            }
        }
    }

    fn add_compatibility(&mut self, block: &HclBlock) {
        let constraints = block.nested_blocks("compatible_with");
        self.compatible_versions
            .extend(constraints.filter_map(|inner| inner.attributes.get("opentofu").cloned()));
    }

    fn add_requirements(&mut self, block: &HclBlock) {
        self.required_versions.extend(block.attributes.get("required_version").cloned());
        for (name, attribute) in block.nested_blocks("required_providers").flat_map(|inner| &inner.attributes)
        {
            self.required_providers.insert(name.clone(), parts::required_provider(attribute));
        }
    }
}

fn sets(block: &HclBlock, attribute: &str) -> bool {
    block.attributes.contains_key(attribute)
}
