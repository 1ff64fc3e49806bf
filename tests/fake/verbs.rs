//! Verbs of the engine.

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    Fatal,
    arguments::{Arguments, log},
    plan_file::{Change, Saved, digest},
    script::{Losing, Script},
    state::{State, Store, data_dir, initialise},
    ui::{Ui, print},
};

/// Runs a verb and returns its exit code.
pub(crate) fn run(arguments: &Arguments, script: &Script, ui: &Ui) -> Result<u8, Fatal> {
    match arguments.verb.as_str() {
        "version" => {
            print(&json!({ "terraform_version": ui.version, "platform": "linux_amd64" }).to_string())?;
            Ok(0)
        }
        "init" => {
            ui.version_line()?;
            match initialise(arguments, script)? {
                Ok(()) => ui.line("log", "successfully initialized!", json!({})).map(|()| 0),
                Err(summary) => ui.fail(summary, ""),
            }
        }
        "show" => show(arguments, ui),
        "get" => Ok(0),
        // envctl runs it only for files that it cannot parse; they are broken unless a script sets another exit code.
        "fmt" => Ok(2),
        "workspace list" | "workspace new" | "plan" | "apply" | "output" | "state pull" | "state rm"
        | "state push" => {
            if arguments.has("json") && ["plan", "apply", "workspace list"].contains(&arguments.verb.as_str())
            {
                ui.version_line()?;
            }
            let Some(store) = Store::open(script)? else {
                let summary = "Backend initialization required, please run \"tofu init\"";
                return ui.fail(summary, "Reason: Initial configuration of the requested backend");
            };
            with_store(arguments, script, &store, ui)
        }
        verb => ui.fail(&format!("the fake engine has no verb `{verb}`"), ""),
    }
}

fn with_store(arguments: &Arguments, script: &Script, store: &Store, ui: &Ui) -> Result<u8, Fatal> {
    if !arguments.verb.starts_with("workspace") {
        store.make_workspace()?;
    }
    match arguments.verb.as_str() {
        "workspace list" if arguments.has("json") => {
            ui.line("workspace_list", "list of workspaces", json!({ "workspaces": store.workspaces()? }))?;
            Ok(0)
        }
        "workspace list" => {
            for name in store.workspaces()? {
                print(&format!("{} {name}", if name == store.workspace { "*" } else { " " }))?;
            }
            Ok(0)
        }
        "workspace new" => {
            let name = arguments.rest.first().ok_or("workspace new wants a name")?;
            Store::open(script)?.ok_or("the store has gone")?.select(name).make_workspace()?;
            fs::create_dir_all(data_dir())?;
            fs::write(data_dir().join("environment"), name)?;
            Ok(0)
        }
        "plan" => plan(arguments, script, store, ui),
        "apply" => apply(arguments, script, store, ui),
        "output" => {
            print(&serde_json::to_string_pretty(&store.load()?.outputs)?)?;
            Ok(0)
        }
        "state rm" => {
            let mut state = store.load()?;
            state.resources.retain(|address, _| !arguments.rest.contains(address));
            state.serial += 1;
            if let Some(losing) = script.behaviour("state rm").lose_state {
                return lose(losing, &state, ui);
            }
            store.save(&state)?;
            print(&format!("Removed {}", arguments.rest.join(" ")))?;
            Ok(0)
        }
        "state push" => {
            let file = arguments.rest.first().ok_or("state push wants a file")?;
            store.save(&serde_json::from_slice(&fs::read(file)?)?)?;
            Ok(0)
        }
        _ => {
            print(&serde_json::to_string_pretty(&store.load()?.pulled()?)?)?;
            Ok(0)
        }
    }
}

fn plan(arguments: &Arguments, script: &Script, store: &Store, ui: &Ui) -> Result<u8, Fatal> {
    let variables = variables(arguments)?;
    if let Some(missing) = script.variables.iter().find(|name| !variables.contains_key(*name)) {
        let detail =
            format!("The root module input variable \"{missing}\" is not set, and has no default value.");
        let error = crate::script::ScriptedError {
            summary: "No value for required variable".to_owned(),
            detail,
            file: Some("main.tf".to_owned()),
            line: 1,
        };
        ui.error(&error)?;
        return Ok(1);
    }
    let given = variables.clone();
    let mut values = variables;
    let destroy = arguments.has("destroy");
    if !destroy {
        for (name, file) in &script.remote {
            let Ok(text) = fs::read_to_string(file) else {
                return ui.fail("Unable to find remote state", "No stored state was found.");
            };
            let state: State = serde_json::from_str(&text)?;
            values.extend(
                state
                    .outputs
                    .into_iter()
                    .map(|(output, value)| (format!("{name}.{output}"), value["value"].clone())),
            );
        }
    }
    let before = store.load()?;
    let mut after =
        State { serial: before.serial, lineage: before.lineage.clone(), version: 4, ..State::default() };
    if !destroy {
        let filled = |wanted: &BTreeMap<String, Value>| -> BTreeMap<String, Value> {
            wanted.iter().map(|(name, value)| (name.clone(), fill(value, &values))).collect()
        };
        after.resources = filled(&script.resources);
        let output = |(name, value)| {
            let sensitive = script.sensitive.contains(&name);
            (name, json!({ "value": value, "type": kind(&value), "sensitive": sensitive }))
        };
        after.outputs = filled(&script.outputs).into_iter().map(output).collect();
    }
    if arguments.has("refresh-only") {
        after = before.clone();
    }
    let saved = Saved {
        before,
        after,
        replaced: script.replaced.clone(),
        unknown: script.unknown.clone(),
        backend: script.backend.clone().unwrap_or_else(|| "local".to_owned()),
        config: store.config.clone(),
        workspace: store.workspace.clone(),
        version: ui.version.clone(),
        variables: given,
        mode: if destroy { 1 } else { 2 * i32::from(arguments.has("refresh-only")) },
        targets: arguments.values("target").map(str::to_owned).collect(),
        actions: script.actions.clone(),
        configurations: script.configurations.clone(),
        deferred: script.deferred.clone(),
    };
    announce(&saved, ui)?;
    if let Some(path) = arguments.value("out") {
        saved.write(path, script.opaque)?;
    }
    Ok(if saved.is_empty() || !arguments.has("detailed-exitcode") { 0 } else { 2 })
}

/// Prints the lines of a JSON stream about planned changes.
fn announce(saved: &Saved, ui: &Ui) -> Result<(), Fatal> {
    for Change { address, actions, .. } in saved.changes() {
        if actions != ["no-op"] {
            let action = if actions.len() == 2 { "replace" } else { actions[0] };
            let change = json!({ "resource": { "addr": address, "resource": address }, "action": action });
            ui.line("planned_change", &format!("{address}: Plan to {action}"), json!({ "change": change }))?;
        }
    }
    for address in saved.actions.keys() {
        let invocation = json!({ "invocation": { "action": { "addr": address }, "invoke": {} } });
        ui.line("planned_action_invocation", &format!("planned action invocation: {address}"), invocation)?;
    }
    for (address, reason) in &saved.deferred {
        let change = json!({ "resource": { "addr": address }, "action": "create" });
        let deferred = json!({ "deferred": { "reason": reason, "change": change } });
        ui.line("deferred_change", &format!("{address}: Deferred ({reason})"), deferred)?;
    }
    let outputs: BTreeMap<String, Value> = saved
        .output_changes()
        .into_iter()
        .map(|(name, action)| (name, json!({ "sensitive": false, "action": action.replace('-', "") })))
        .collect();
    ui.line("outputs", &format!("Outputs: {}", outputs.len()), json!({ "outputs": outputs }))
}

fn show(arguments: &Arguments, ui: &Ui) -> Result<u8, Fatal> {
    let saved = Saved::read(arguments.rest.first().ok_or("show wants a plan file")?)?;
    if !arguments.has("json") {
        for Change { address, actions, before, after } in saved.changes() {
            print(&format!("# {address}: {} ({before:?} -> {after:?})", actions.join(", ")))?;
        }
        return Ok(0);
    }
    let values = |value: Option<&Value>| value.map_or(Value::Null, |value| json!({ "input": value }));
    let resources: Vec<Value> = saved
        .changes()
        .into_iter()
        .map(|Change { address, actions, before, after }| {
            json!({
                "address": address, "mode": "managed",
                "change": { "actions": actions, "before": values(before), "after": values(after), "after_unknown": {} },
            })
        })
        .collect();
    let outputs: BTreeMap<String, Value> = saved
        .output_changes()
        .into_iter()
        .map(|(name, action)| {
            let of = |state: &State, key: &str| state.outputs.get(&name).map_or(Value::Null, |o| o[key].clone());
            let unknown = action != "no-op" && action != "delete" && saved.unknown.contains(&name);
            let after = if unknown { Value::Null } else { of(&saved.after, "value") };
            let change = json!({
                "actions": [action], "before": of(&saved.before, "value"), "after": after,
                "after_unknown": unknown, "before_sensitive": false, "after_sensitive": of(&saved.after, "sensitive"),
            });
            (name, change)
        })
        .collect();
    let mut plan = json!({
        "format_version": "1.2", "terraform_version": ui.version, "resource_changes": resources,
        "output_changes": outputs, "errored": false,
    });
    if arguments.engine == "terraform" {
        plan["applyable"] = Value::from(!saved.is_empty());
        plan["complete"] = Value::from(saved.is_complete());
        plan["action_invocations"] = saved
            .actions
            .iter()
            .map(|action| {
                let mut invocation = invocation(action);
                if let (Some(own), Some(Value::Object(members))) =
                    (invocation.as_object_mut(), saved.configurations.get(action.0))
                {
                    own.extend(members.clone());
                }
                invocation
            })
            .collect();
        let deferred = saved.deferred.iter().map(|(address, reason)| {
            let change = json!({ "actions": ["create"], "after": {}, "after_unknown": {} });
            json!({ "reason": reason, "resource_change": { "address": address, "change": change } })
        });
        plan["deferred_changes"] = deferred.collect();
    }
    print(&plan.to_string())?;
    Ok(0)
}

/// Returns an action as in the plan JSON of Terraform.
fn invocation((address, trigger): (&String, &Option<(String, String)>)) -> Value {
    let mut invocation = json!({ "address": address, "config_values": {}, "config_unknown": {} });
    match trigger {
        Some((resource, event)) => {
            invocation["lifecycle_action_trigger"] =
                json!({ "triggering_resource_address": resource, "action_trigger_event": event });
        }
        None => invocation["invoke_action_trigger"] = json!({}),
    }
    invocation
}

fn apply(arguments: &Arguments, script: &Script, store: &Store, ui: &Ui) -> Result<u8, Fatal> {
    let file = arguments.rest.first().ok_or("apply wants a plan file")?;
    log(&json!({ "applying": file, "sha256": digest(file)? }))?;
    let saved = Saved::read(file)?;
    let now = store.load()?;
    // A plan for a new state has no lineage: only its serial is compared, as the real engines do.
    if !saved.before.lineage.is_empty() && now.lineage != saved.before.lineage {
        let detail = "The given plan was created from a different state lineage.";
        return ui.fail("Saved plan does not match the given state", detail);
    }
    if now.serial != saved.before.serial {
        return ui.fail("Saved plan is stale", "The state was changed by another operation.");
    }
    let mut done = 0;
    for Change { address, actions, .. } in saved.changes() {
        if actions != ["no-op"] {
            let hook = json!({ "hook": { "resource": { "addr": address }, "action": actions[0] } });
            ui.line("apply_start", &format!("{address}: working..."), hook.clone())?;
            ui.line("apply_complete", &format!("{address}: complete"), hook)?;
            done += 1;
        }
    }
    for address in saved.actions.keys() {
        let hook = json!({ "hook": { "action": { "addr": address }, "invoke": {} } });
        ui.line("action_start", &format!("Action started: {address}"), hook.clone())?;
        ui.line("action_complete", &format!("Action complete: {address}"), hook)?;
    }
    let mut state = State { serial: now.serial + 1, ..saved.after };
    if state.lineage.is_empty() {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        state.lineage = format!("fake-{nanos:x}-{}", std::process::id());
    }
    if let Some(losing) = script.behaviour("apply").lose_state {
        return lose(losing, &state, ui);
    }
    store.save(&state)?;
    ui.line(
        "change_summary",
        &format!("Apply complete! {done} changed"),
        json!({ "changes": { "operation": "apply" } }),
    )?;
    Ok(0)
}

/// Fails to save the state in one of the ways of real engines.
fn lose(losing: Losing, state: &State, ui: &Ui) -> Result<u8, Fatal> {
    let bytes = serde_json::to_vec_pretty(state)?;
    match losing {
        Losing::File => fs::write("errored.tfstate", &bytes)?,
        Losing::Dump => fs::write("errored.tfstate", "")?,
        Losing::DumpAndTorn | Losing::Torn => fs::write("errored.tfstate", &bytes[..bytes.len() / 2])?,
        Losing::Nowhere => {}
    }
    if matches!(losing, Losing::Dump | Losing::DumpAndTorn) {
        ui.dump(state)?;
    }
    let more = "the state has been written to the file \"errored.tfstate\" in the current working directory.";
    ui.fail("Failed to save state", &format!("Error saving state: no space left on device\n{more}"))
}

/// Reads the values of variables: `TF_VAR_*`, then `*.auto.tfvars`, then var files in order.
fn variables(arguments: &Arguments) -> Result<BTreeMap<String, Value>, Fatal> {
    let mut found: BTreeMap<String, Value> = env::vars()
        .filter_map(|(name, value)| Some((name.strip_prefix("TF_VAR_")?.to_owned(), Value::from(value))))
        .collect();
    let mut own: Vec<String> = fs::read_dir(".")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".auto.tfvars"))
        .collect();
    own.sort();
    for file in own.iter().map(String::as_str).chain(arguments.values("var-file")) {
        let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        if Path::new(file).extension().is_some_and(|extension| extension == "json") {
            found.extend(serde_json::from_str::<BTreeMap<String, Value>>(&text)?);
        } else {
            let pairs = text.lines().filter_map(|line| line.split_once('='));
            found.extend(pairs.map(|(name, value)| {
                let value = value.trim();
                (name.trim().to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()))
            }));
        }
    }
    Ok(found)
}

/// Returns the type of an output, as far as tests examine it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        _ => "dynamic",
    }
}

/// Replaces `${var.NAME}` and `${STACK.OUTPUT}` in a value.
fn fill(value: &Value, variables: &BTreeMap<String, Value>) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let mut text = text.clone();
    for (name, value) in variables {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let place = if name.contains('.') { format!("${{{name}}}") } else { format!("${{var.{name}}}") };
        text = text.replace(&place, &value);
    }
    Value::String(text)
}
