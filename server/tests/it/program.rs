//! The program itself: settings, exit codes, accounts and roles, commands beside a running server, a crash.

mod approval;
mod audit;
mod beside;
mod client;
mod demo;
mod role;
mod serve;
mod settings;
mod tls;
mod user;

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

const PASSWORD: &str = "correct horse battery";

fn latchkey(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LATCHKEY_") {
            command.env_remove(name);
        }
    }
    command.current_dir(data).env("LATCHKEY_DATA_DIR", data);
    command
}

fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    run_command(latchkey(data).args(arguments), input)
}

fn run_command(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Carries a command out that succeeds without a word on standard error, and returns what it says.
fn done(data: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(data, arguments, input);
    assert_eq!(told(&output), (Some(0), String::new()), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code and standard error.
fn told(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}
