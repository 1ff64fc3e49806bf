//! Conversion of blocks to the parts of a [`Module`](super::Module): variables, module calls, backends.

use indexmap::IndexMap;

use super::{
    Attribute, BackendBlock, Expr, HclBlock, ModuleCall, RemoteState, RequiredProvider, SourceSpan,
    VariableDecl, VariableKind,
};

pub(super) fn backend(block: &HclBlock) -> Option<BackendBlock> {
    let backend_type = block.labels.first()?.clone();
    let mut attributes = block.attributes.clone();
    for inner in &block.blocks {
        let value = Expr::object(&attribute_values(&inner.attributes));
        attributes
            .insert(inner.block_type.clone(), Attribute { value, value_span: inner.header_span.clone() });
    }
    Some(BackendBlock { backend_type, attributes, header_span: block.header_span.clone() })
}

pub(super) fn variable(block: &HclBlock) -> VariableDecl {
    VariableDecl {
        sensitive: block.is_true("sensitive"),
        ephemeral: block.is_true("ephemeral"),
        kind: block.attributes.get("type").map_or(VariableKind::Untyped, variable_kind),
        default: block.attributes.get("default").map(|attribute| attribute.value.clone()),
        header_span: block.header_span.clone(),
    }
}

fn variable_kind(declared: &Attribute) -> VariableKind {
    let SourceSpan { source, span } = &declared.value_span;
    let written = source.text().get(span.clone()).unwrap_or_default();
    let is_primitive =
        ["string", "number", "bool"].contains(&declared.value.text().unwrap_or(written).trim());
    if is_primitive { VariableKind::Primitive } else { VariableKind::Other }
}

pub(super) fn module_call(name: &str, block: &HclBlock) -> ModuleCall {
    ModuleCall {
        name: name.to_owned(),
        source: block.attributes.get("source").cloned(),
        version: block.attributes.get("version").cloned(),
        header_span: block.header_span.clone(),
    }
}

pub(super) fn required_provider(attribute: &Attribute) -> RequiredProvider {
    let members = attribute.value.members().unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(Expr::text).map(str::to_owned);
    RequiredProvider {
        source: text("source"),
        // Legacy form: `aws = "~> 5.0"`.
        version: text("version").or_else(|| attribute.value.text().map(str::to_owned)),
        value_span: attribute.value_span.clone(),
    }
}

pub(super) fn remote_state(name: &str, block: &HclBlock) -> RemoteState {
    let config = match block.attributes.get("config") {
        Some(attribute) => attribute.value.members(),
        None => Some(
            block
                .nested_blocks("config")
                .next()
                .map(|inner| attribute_values(&inner.attributes))
                .unwrap_or_default(),
        ),
    };
    RemoteState {
        name: name.to_owned(),
        backend_type: block.attributes.get("backend").cloned(),
        config,
        workspace: block.attributes.get("workspace").cloned(),
        header_span: block.header_span.clone(),
    }
}

fn attribute_values(attributes: &IndexMap<String, Attribute>) -> IndexMap<String, Expr> {
    attributes.iter().map(|(name, attribute)| (name.clone(), attribute.value.clone())).collect()
}
