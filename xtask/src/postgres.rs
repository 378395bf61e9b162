//! A PostgreSQL for the tests: started for them, thrown away after them.

use crate::tools;
use anyhow::{Context as _, Result, ensure};
use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Names a server that is there already, here and to the tests.
const VARIABLE: &str = "LATCHKEY_TEST_POSTGRES";

/// Gives a command a server: the one that the environment names, such as a service beside a CI
/// job, or one that lasts as long as `run`.
pub(crate) fn with<T>(run: impl FnOnce((&'static str, &str)) -> Result<T>) -> Result<T> {
    if let Ok(given) = env::var(VARIABLE) {
        return run((VARIABLE, &given));
    }
    let started = Postgres::start()?;
    run((VARIABLE, &started.url()))
}

const SCRIPT: &str = include_str!("postgres.sh");

/// A server that stops, and whose files go, when this is dropped or this process ends.
struct Postgres {
    script: Child,
    port: u16,
}

impl Postgres {
    /// Starts one on a free port; installs PostgreSQL first if it is missing.
    fn start() -> Result<Self> {
        let programs = programs().map_or_else(install, Ok)?;
        let port = free_port()?;
        let mut command = shell();
        command
            .args(["-c", SCRIPT, "postgres.sh"])
            .arg(&programs)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Out of reach of the terminal's Ctrl-C: the script cleans up when
            // its input closes, and that happens then too.
            .process_group(0);
        let mut script = command.spawn().context("cannot start PostgreSQL")?;
        let output = script.stdout.take().context("the script has no output")?;
        let postgres = Self { script, port };
        let mut answer = String::new();
        BufReader::new(output).read_line(&mut answer)?;
        ensure!(answer.trim() == "ready", "PostgreSQL did not start");
        Ok(postgres)
    }

    /// Where the tests find it.
    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        // Nothing is left to do about a failure, and the files are temporary.
        let _ = self.script.wait();
    }
}

/// PostgreSQL refuses to run as root; its package brings a user of its own.
fn shell() -> Command {
    if tools::is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    }
}

fn install() -> Result<PathBuf> {
    tools::install("postgresql")?;
    programs().context("PostgreSQL is installed, but its programs are not found")
}

/// The folder of the newest PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let complete = |folder: &Path| {
        ["initdb", "postgres", "pg_isready"]
            .iter()
            .all(|program| folder.join(program).is_file())
    };
    // Debian keeps them off the `PATH`, a folder a version.
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = debian
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| complete(folder))
        .max();
    let on_path = || {
        let folder = tools::find(&["postgres"])?.parent()?.to_path_buf();
        complete(&folder).then_some(folder)
    };
    newest.map(|(_, folder)| folder).or_else(on_path)
}

pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?.port())
}
