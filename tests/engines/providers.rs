//! Providers: the lock file is written once and then kept, and one init at a time fills a shared plugin cache.

use std::{fs, thread, time::Duration};

use envctl::model::{EngineName, FailureKind};

use crate::{
    bench::{Bench, Stack, failure},
    support::programs::programs,
    under_test::UnderTest,
};

const FILE: &str = "terraform {\n  required_providers {\n    local = {\n      source = \"hashicorp/local\"\n    }\n  }\n}\n\
                    resource \"local_file\" \"a\" {\n  filename = \"${path.module}/made.txt\"\n  content  = \"x\"\n}\n";

/// Makes a bench whose engine installs the provider `local` from the mirror that `scripts/engines` makes.
fn bench(engine: UnderTest) -> Bench {
    let [mirror] = programs(["provider_mirror"]);
    let mut bench = Bench::new(engine);
    bench.env.insert("TF_CLI_CONFIG_FILE".into(), mirror.path.into());
    bench.write(&Stack { hcl: FILE, ..Stack::default() });
    bench
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn first_inits_at_once_share_a_plugin_cache_and_a_lockfile(engine: UnderTest) {
    let mut bench = bench(engine);
    bench.settings.plugin_cache = Some("cache/plugins".into());
    thread::scope(|scope| {
        for name in ["one", "two", "three"] {
            let bench = &bench;
            scope.spawn(move || {
                let mut target = bench.target(name);
                target.workspace = None;
                // The three have one state.
                target.lock_timeout = Duration::from_mins(1);
                assert_eq!(bench.plan(&target).unwrap().exit_code, 2);
            });
        }
    });
    let lockfile = fs::read_to_string(bench.dir().join(".terraform.lock.hcl")).unwrap();
    assert_eq!(lockfile.matches("provider \"").count(), 1, "{lockfile}");
    assert!(bench.path("cache/plugins").read_dir().unwrap().next().is_some());
    for name in ["one", "two", "three"] {
        let mut target = bench.target(name);
        target.workspace = None;
        let (planned, processes) = bench.processes(|| bench.plan(&target).unwrap());
        assert_eq!((planned.exit_code, processes), (2, 3), "{name} is warm");
    }
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn an_init_beside_a_lockfile_says_that_it_is_read_only(engine: UnderTest) {
    let mut bench = Bench::new(engine);
    bench.settings.program = Some(bench.shim(&bench.under_test.program).into_string());
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    bench.plan(&bench.target("default")).unwrap();
    let first = bench.inits();
    assert!(first.len() == 1 && !first[0].contains("-lockfile"), "{first:?}");
    fs::write(bench.dir().join(".terraform.lock.hcl"), "# made by init\n").unwrap();
    bench.plan(&bench.target("default")).unwrap();
    let second = bench.inits();
    assert!(second.len() == 1 && second[0].contains("-lockfile=readonly"), "{second:?}");
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_lockfile_is_never_changed(engine: UnderTest) {
    let bench = bench(engine);
    let target = bench.target("default");
    bench.plan(&target).unwrap();
    let lockfile = bench.dir().join(".terraform.lock.hcl");
    let text = fs::read_to_string(&lockfile).unwrap();
    let older = text.replace("2.9.0", "2.8.0");
    assert_ne!(text, older);
    fs::write(&lockfile, &older).unwrap();
    let refused = failure(bench.plan(&target));
    assert_eq!(fs::read_to_string(&lockfile).unwrap(), older);
    assert_eq!(refused.kind, FailureKind::Provider, "{refused:?}");

    // Each engine locks providers of its own registry.
    let (own, other) = match bench.under_test.name {
        EngineName::Tofu => ("registry.opentofu.org", "registry.terraform.io"),
        _ => ("registry.terraform.io", "registry.opentofu.org"),
    };
    let foreign = text.replace(own, other);
    assert_ne!(text, foreign);
    fs::write(&lockfile, &foreign).unwrap();
    let refused = failure(bench.plan(&target));
    assert_eq!(fs::read_to_string(&lockfile).unwrap(), foreign);
    assert_eq!(refused.kind, FailureKind::Config, "{refused:?}");
    assert_eq!(refused.summary, "Provider dependency changes detected");
}
