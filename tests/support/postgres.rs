//! PostgreSQL server for states in the `pg` backend.

use std::{fs, os::unix::fs::chown, path::Path, process::Command};

use tempfile::TempDir;

use super::{Program, State, launch};

/// User and group id of `nobody`: the server refuses to run as root.
const NOBODY: u32 = 65534;

/// Running server with an empty database, reached by a socket in a folder of its own; it is stopped with the value.
pub(crate) struct Postgres {
    folder: TempDir,
    pg_ctl: Program,
    psql: Program,
}

impl Postgres {
    /// Starts a server, as another user when the tests run as root.
    #[track_caller]
    pub(crate) fn start([initdb, pg_ctl, psql]: [&Program; 3]) -> Self {
        let folder = tempfile::Builder::new().prefix("pg-").tempdir().expect("a temporary folder");
        if runs_as_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root gives a folder away");
        }
        let data = folder.path().join("data");
        let options = ["--auth=trust", "--username=envctl", "--no-sync", "--encoding=UTF8", "--locale=C"];
        launch::succeed(as_server(&initdb.path).args(options).arg("--pgdata").arg(&data));
        let settings = format!(
            "-c listen_addresses= -c fsync=off -c unix_socket_directories={}",
            folder.path().display()
        );
        let log = folder.path().join("log");
        launch::succeed(
            as_server(&pg_ctl.path)
                .arg("--pgdata")
                .arg(&data)
                .arg("--log")
                .arg(&log)
                .args(["--wait", "-o", &settings, "start"]),
        );
        Self { folder, pg_ctl: pg_ctl.clone(), psql: psql.clone() }
    }

    /// Returns the value of `PG_CONN_STR`.
    pub(crate) fn connection(&self) -> String {
        format!("postgres://envctl@/postgres?host={}&sslmode=disable", self.folder.path().display())
    }

    /// Returns the names of all workspaces that have a state.
    #[track_caller]
    pub(crate) fn workspaces(&self) -> Vec<String> {
        let schemas = self.query("select 1 from pg_namespace where nspname = 'terraform_remote_state'");
        if schemas.trim().is_empty() {
            return Vec::new();
        }
        let names = self.query("select name from terraform_remote_state.states order by name");
        names.lines().map(str::to_owned).collect()
    }

    /// Returns the state of a workspace.
    #[track_caller]
    pub(crate) fn state(&self, workspace: &str) -> State {
        State::parse(
            &self
                .query(&format!("select data from terraform_remote_state.states where name = '{workspace}'")),
        )
    }

    #[track_caller]
    fn query(&self, sql: &str) -> String {
        let mut psql = launch::hermetic(&self.psql.path);
        psql.arg("--host").arg(self.folder.path());
        launch::succeed(psql.args([
            "--username=envctl",
            "--dbname=postgres",
            "--no-psqlrc",
            "-At",
            "-c",
            sql,
        ]))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        // A second panic while a test fails would hide the first: an error of stopping the server is ignored.
        as_server(&self.pg_ctl.path)
            .arg("--pgdata")
            .arg(data)
            .args(["--mode=immediate", "stop"])
            .output()
            .map(drop)
            .unwrap_or_default();
    }
}

fn as_server(program: &Path) -> Command {
    let mut command;
    if runs_as_root() {
        command = launch::hermetic("/usr/bin/setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    } else {
        command = launch::hermetic(program);
    }
    command.env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").current_dir("/");
    command
}

fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
