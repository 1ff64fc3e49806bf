//! Wrapper program around a real engine.

use crate::support::{Driven, ENVIRONMENTS, Shop, script};

/// Makes a project with stack `network`, run through a wrapper that changes nothing yet.
pub(crate) fn wrapped(engine: &Driven, files: &str) -> Shop {
    let Driven::Real(program) = engine else { panic!("a real engine") };
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.append(
        "environments.toml",
        &format!("\n[stacks.network]\npath = \"network\"\n\n[{}]\nprogram = \"../wrapper\"\n", program.name),
    );
    let named = format!("name = \"shop\"\nengine = \"{}\"\n", program.name);
    shop.project.edit("environments.toml", "name = \"shop\"\n", &named);
    shop.project.write("network/main.tf", files);
    wrap_apply(&shop, engine, "exec ENGINE \"$@\"");
    shop
}

/// Makes the wrapper run these lines of bash for an apply; `ENGINE` is the path of the engine.
pub(crate) fn wrap_apply(shop: &Shop, engine: &Driven, lines: &str) {
    let Driven::Real(program) = engine else { panic!("a real engine") };
    let path = program.path.display().to_string();
    let others = format!("case \" $* \" in *' apply '*) ;; *) exec {path} \"$@\" ;; esac");
    let wrapper = shop.project.around().join("wrapper");
    script(&wrapper, &format!("#!/bin/bash\n{others}\n{}\n", lines.replace("ENGINE", &path)));
}
