//! Variables that a Terragrunt unit sets under `inputs` of its own file or of a file that it includes.

use camino::Utf8PathBuf;
use hcl_edit::expr::{Expression, ObjectKey};

use super::UnitEvaluator;
use crate::{
    engine::layout::{unit_file, unit_file_in},
    inventory::plan_inputs::scope::InputScope,
};

/// Returns the path (as [`InputScope::display_path`] gives it) of the unit's file that sets a variable under `inputs`. `None`
/// when no file names the variable there, when `inputs` are computed, and for engines other than Terragrunt.
pub fn file_of_input(scope: &InputScope, variable: &str) -> Option<String> {
    unit_file(scope.engine)?;
    let unit = UnitEvaluator::new(&scope.dir, &scope.deleted);
    let own = unit_file_in(&scope.dir);
    let included = unit.inlined_as_included(&own).map(|body| unit.include_paths(&body)).unwrap_or_default();
    let sets = |file: &Utf8PathBuf| {
        let inputs = unit
            .inlined_as_included(file)
            .and_then(|body| body.get_attribute("inputs").map(|inputs| inputs.value.clone()));
        inputs.is_some_and(|inputs| sets_member(&inputs, variable))
    };
    [own].into_iter().chain(included.into_iter().flatten()).find(sets).map(|file| scope.display_path(&file))
}

/// Returns true if an object, or an object that is merged into it, has a member of this name.
fn sets_member(inputs: &Expression, variable: &str) -> bool {
    match inputs {
        Expression::Object(object) => object.iter().any(|(key, _)| match key {
            ObjectKey::Ident(name) => name.as_str() == variable,
            ObjectKey::Expression(name) => name.as_str() == Some(variable),
        }),
        Expression::FuncCall(call) if call.name.name.as_str() == "merge" => {
            call.args.iter().any(|merged| sets_member(merged, variable))
        }
        Expression::Parenthesis(inner) => sets_member(inner.inner(), variable),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{fixture::Project, plan_inputs::ExcludedPaths};

    #[test]
    fn inputs_in_merged_objects_are_set_and_those_of_read_files_are_not() {
        let toml = "[environments.dev]\n[stacks.app]\npath = \"live/app\"\nengine = \"terragrunt\"\n";
        let unit = "include \"c\" {\n  path = \"../common.hcl\"\n}\nlocals {\n  r = read_terragrunt_config(\"../read.hcl\")\n}\n\
                    inputs = merge(local.r.inputs, { own = 1, \"quoted\" = { inner = 2 } })\n";
        let files = [
            ("live/app/terragrunt.hcl", unit),
            ("live/common.hcl", "inputs = {\n  shared = 1\n}\n"),
            ("live/read.hcl", "inputs = {\n  read = 1\n}\n"),
        ];
        let project = Project::new(toml, &files);
        let scope = InputScope::new(&project.instances("dev")[0], &project.root(), ExcludedPaths::default());
        assert_eq!(file_of_input(&scope, "own").as_deref(), Some("live/app/terragrunt.hcl"));
        assert_eq!(file_of_input(&scope, "quoted").as_deref(), Some("live/app/terragrunt.hcl"));
        assert_eq!(file_of_input(&scope, "shared").as_deref(), Some("live/common.hcl"));
        assert_eq!([file_of_input(&scope, "inner"), file_of_input(&scope, "read")], [None, None]);
    }
}
