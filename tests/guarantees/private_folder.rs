//! 9. Secrets stay secret: envctl's files are in real folders that only their owner may enter.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn open_to_all(path: &Path) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
}

#[test(engines(fake, tofu, terraform))]
fn folders_that_others_could_enter_are_narrowed_before_anything_is_kept(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let folders = [
        ".envctl",
        ".envctl/runs",
        ".envctl/locks",
        ".envctl/data",
        ".envctl/data/staging",
        ".envctl/instances",
        ".envctl/instances/staging",
        ".envctl/instances/staging/app",
    ];
    for folder in folders {
        open_to_all(&shop.project.path(folder));
    }
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    for folder in folders {
        assert_eq!(mode(&shop.project.path(folder)), 0o700, "{}: {folder}", engine.name());
    }
    assert_eq!(mode(&shop.project.path(&shop.newest_run())), 0o700);
}

#[test]
fn a_link_in_place_of_a_folder_is_refused_and_nothing_goes_through_it() {
    for link in [".envctl", ".envctl/runs", ".envctl/locks", ".envctl/instances"] {
        let shop = Shop::of(&["app"]);
        let elsewhere = shop.marker("elsewhere");
        open_to_all(&elsewhere);
        fs::create_dir_all(shop.project.path(link).parent().unwrap()).unwrap();
        symlink(&elsewhere, shop.project.path(link)).unwrap();
        let run = shop.run(["deploy", "staging", "--yes"]);
        assert_ne!(run.code(), 0, "{link}\n{run}");
        run.tells("it is a link").tells(link);
        assert_eq!(elsewhere.read_dir().unwrap().count(), 0, "{link}");
        assert_eq!(mode(&elsewhere), 0o777);
        assert_eq!(shop.folders("apply"), [""; 0]);
    }
}

#[test]
fn a_lock_that_is_another_files_name_is_not_written_through() {
    for make in [|of: &Path, at: &Path| symlink(of, at), |of: &Path, at: &Path| fs::hard_link(of, at)] {
        let shop = Shop::of(&["app"]);
        let precious = shop.marker("precious");
        fs::write(&precious, "precious").unwrap();
        let lock = shop.project.path(".envctl/locks/staging.lock");
        fs::create_dir_all(lock.parent().unwrap()).unwrap();
        make(&precious, &lock).unwrap();
        for verb in ["deploy", "destroy"] {
            let run = shop.run([verb, "staging", "--yes"]);
            assert_ne!(run.code(), 0, "{run}");
            run.tells("staging.lock").tells("link");
        }
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
        assert_eq!(shop.calls(), [""; 0]);
    }
}

#[test]
fn a_key_that_is_a_link_seals_nothing() {
    let shop = Shop::of(&["app"]);
    let planted = shop.marker("key");
    fs::write(&planted, [7; 32]).unwrap();
    fs::create_dir_all(shop.project.path(".envctl")).unwrap();
    symlink(&planted, shop.project.path(".envctl/key")).unwrap();
    let run = shop.run(["plan", "staging"]);
    assert_ne!(run.code(), 0, "{run}");
    run.tells(".envctl/key").tells("it is a link");
}

#[test]
fn a_linked_folder_of_another_project_is_no_run() {
    let [own, other] = [(); 2].map(|()| Shop::of(&["app"]));
    other.run(["plan", "staging"]).exits(0);
    own.run(["plan", "staging"]).exits(0);
    fs::remove_dir_all(own.project.path(&own.newest_run())).unwrap();
    let run = other.newest_run();
    symlink(other.project.path(&run), own.project.path(&run)).unwrap();
    assert_eq!(own.run(["runs", "list", "--json"]).exits(0).json()["runs"], json!([]));
    let id = run.rsplit('/').next().unwrap().to_owned();
    let applied = own.run(["apply", &id, "--yes"]);
    assert_ne!(applied.code(), 0, "{applied}");
    assert_eq!(own.folders("apply"), [""; 0]);
}

#[test(engines(fake, tofu, terraform))]
fn a_data_directory_that_is_a_link_is_refused(engine: &Driven) {
    for folder in [".envctl/data/staging/app", ".envctl/data/staging", ".envctl/data"] {
        let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        let (folder, elsewhere) = (shop.project.path(folder), shop.project.around().join("elsewhere"));
        fs::rename(&folder, &elsewhere).unwrap();
        symlink(&elsewhere, &folder).unwrap();
        shop.change("app", "second");

        for command in [&["plan", "staging"] as &[&str], &["deploy", "staging", "--yes"]] {
            let run = shop.env.run_args(command);
            assert_ne!(run.code(), 0, "{}: {}: {run}", engine.name(), folder.display());
            run.tells("it is a link or no folder");
        }
        assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"));
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_record_of_a_backend_that_is_a_link_is_made_anew(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let record = shop.project.path(".envctl/data/staging/app/terraform.tfstate");
    let elsewhere = shop.project.around().join("elsewhere");
    // The default backend leaves no record.
    fs::write(
        &elsewhere,
        "{\"version\": 3, \"backend\": {\"type\": \"local\", \"config\": {}, \"hash\": 1}}",
    )
    .unwrap();
    fs::remove_file(&record).ok();
    symlink(&elsewhere, &record).unwrap();
    let before = fs::read(&elsewhere).unwrap();

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);

    assert!(!record.is_symlink(), "{}", engine.name());
    assert!(fs::read(&elsewhere).unwrap() == before, "{}", engine.name());
}
