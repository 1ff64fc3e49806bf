use super::*;

fn split(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

#[test]
fn only_what_is_known_to_read_is_not_mutating() {
    for command in [
        "plan",
        "plan -destroy -target a.b --var x=1 -lock=false -detailed-exitcode",
        "plan -refresh-only -var-file x.tfvars -no-color -input=false",
        "show -json p",
        "console -plan",
        "graph -type=plan",
        "state list -id=x a.b",
        "validate -json -no-tests",
        "metadata functions -json",
        "metadata",
        "state list",
        "state pull",
        "output -json",
        "validate",
        "workspace list",
        "providers",
        "fmt -check",
        "version",
        "-help",
        "-version",
        "apply -help",
        "apply --help",
        "fmt -write=false -diff",
        "",
    ] {
        assert!(!is_mutating(&split(command)), "{command}");
    }
    for mutating in [
        "apply",
        "apply p",
        "destroy",
        "import a b",
        "state rm a",
        "state push f",
        "state",
        "workspace new x",
        "workspace select x",
        "taint a",
        "force-unlock 1",
        "init",
        "refresh",
        "fmt",
        "fmt -check=false",
        "brand-new",
        "-chdir=x apply",
        "-chdir plan apply",
        "-lock-timeout=1s plan",
        "apply -help=false",
        "apply -- -help",
        "apply -version",
        "plan -out=p",
        "plan -out p",
        "plan --out=p",
        "plan -generate-config-out=x.tf",
        "plan -json-into=x",
        "plan -state=other.tfstate",
        "plan -brand-new",
        "plan -- -out=p",
        "output -json-into x",
        "output -state=other.tfstate",
        "state list -state=other.tfstate",
        "workspace list -json-into=x",
        "show -json-into=x",
        "validate -brand-new",
        "metadata brand-new",
        "fmt -check -brand-new",
        "state -lock=false list",
        "state -backup list rm a",
        "workspace -no-color list",
        "providers mirror x",
        "fmt -check -check=false",
        "fmt -- -check",
        "providers lock",
        "test",
    ] {
        assert!(is_mutating(&split(mutating)), "{mutating}");
    }
}

#[test]
fn terragrunts_own_verbs_are_known() {
    for command in [
        "find --dag",
        "list",
        "run -- plan",
        "run --non-interactive -- output -json",
        "plan",
        "plan -no-color --log-level trace",
        "state list",
        "dag graph",
        "list --tree",
        "info strict list --show-all",
        "render --json",
        "hcl validate",
        "hcl fmt --check",
        "--help",
    ] {
        assert!(!is_mutating_in_terragrunt(&split(command)), "{command}");
    }
    for mutating in [
        "run -- apply",
        "run apply -- -auto-approve",
        "run apply -- plan",
        "run plan -- -out=p",
        "run --working-dir plan apply",
        "run --working-dir plan -- apply",
        "run --working-dir -- plan",
        "run --tf-path plan apply -- show",
        "run --all plan",
        "run --all -- destroy",
        "run --all -- state list",
        "run --graph -- plan",
        "run -- plan -out=p",
        "plan --all",
        "plan -a",
        "plan --graph",
        "plan -out=p",
        "plan --out-dir x",
        "plan --download-dir ../v",
        "plan --source ../v",
        "plan --source-map a=b",
        "plan --inputs-debug",
        "plan --report-file x",
        "plan --filter v",
        "plan --queue-include-dir ../v",
        "plan --feature x=y",
        "plan --tf-path x",
        "plan --auth-provider-cmd x",
        "output --all",
        "find --report-file x",
        "find --working-dir ../v",
        "list --backend-bootstrap",
        "hcl validate --working-dir ../v",
        "dag graph --log-custom-format x --profile-dir y",
        "run -- -chdir=x plan",
        "run -- state --lock list rm a",
        "--working-dir plan apply",
        "--working-dir plan",
        "apply --working-dir plan",
        "apply --working-dir --help",
        "state --working-dir list rm a",
        "exec -- plan",
        "plan --backend-bootstrap",
        "hcl fmt",
        "hcl fmt --file --check",
        "hcl fmt --check --file x",
        "fmt --working-dir -check",
        "backend bootstrap",
        "render --write",
        "render -w",
        "render --json --out plan -w",
        "apply",
    ] {
        assert!(is_mutating_in_terragrunt(&split(mutating)), "{mutating}");
    }
}

#[test]
fn only_commands_that_evaluate_variables_need_their_values() {
    for line in
        ["output", "state list", "workspace list", "providers", "version", "fmt", "show", "state pull"]
    {
        assert!(!evaluates_variables(&split(line)), "{line}");
    }
    let evaluating = [
        "plan",
        "apply",
        "destroy",
        "console",
        "refresh",
        "import a b",
        "test",
        "apply FILE",
        "init",
        "brand-new",
        "-chdir=x output",
        "run --all -- plan",
    ];
    for line in evaluating {
        assert!(evaluates_variables(&split(line)), "{line}");
    }
}

#[test]
fn var_files_follow_the_verbs_that_take_them() {
    let index = |line: &str, everywhere| index_of_var_files(&split(line), everywhere);
    assert_eq!(index("plan -no-color", false), Some(1));
    assert_eq!(index("-chdir=x import a b", false), Some(2));
    assert_eq!(index("apply -auto-approve", false), Some(1));
    assert_eq!(index("apply -var x=1 -target a.b", false), Some(1));
    assert_eq!(index("apply plan-file", false), None);
    assert_eq!(index("output -json", false), None);
    assert_eq!(index("output -json", true), Some(1));
    assert_eq!(index("state list", true), Some(2));
    assert_eq!(index("version", true), None);
}

#[test]
fn commands_that_never_look_for_a_state_make_no_workspace() {
    for without in ["validate", "fmt -check", "workspace list", "state push f", "force-unlock 1", "", "-help"]
    {
        assert!(!may_make_workspace(&split(without)), "{without}");
    }
    for with in ["plan", "apply", "output", "state pull", "state list", "init", "graph", "-lock=false plan"] {
        assert!(may_make_workspace(&split(with)), "{with}");
    }
}
