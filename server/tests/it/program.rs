//! The program itself: settings, exit codes, accounts beside a running server, a crash.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

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
    let mut child = latchkey(data)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Exit code and standard error.
fn told(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

struct Server {
    process: Child,
    /// `HOST:PORT`.
    address: String,
    output: BufReader<std::process::ChildStdout>,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut process = latchkey(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the server ended");
            if let Some(url) = line.trim().strip_prefix("Latchkey is ready. Open http://") {
                break url.to_owned();
            }
        };
        Self {
            process,
            address,
            output,
        }
    }

    /// Status and body.
    fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer[9..12].parse().unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        // RFC 9110, section 8.6.
        assert!(status != 204 || !head.to_lowercase().contains("content-length"));
        (status, body.to_owned())
    }

    fn login(&self, name: &str, password: &str) -> (u16, Value) {
        let body = json!({"userName": name, "password": password}).to_string();
        let headers = "Content-Type: application/json\r\n";
        let (status, body) = self.request("POST", "/netbackup/login", headers, &body);
        (status, serde_json::from_str(&body).unwrap())
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn terminate(process: &Child) {
    let status = Command::new("kill")
        .arg(process.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_wrong_or_unknown_setting_stops_the_start_and_is_named() {
    let data = tempfile::tempdir().unwrap();
    let output = run(data.path(), &["serve", "--listen", "8080"], "");
    assert_eq!(
        told(&output),
        (
            Some(2),
            "latchkey: The setting `listen` (--listen on the command line) is \"8080\", but must be an address and a port, such as 127.0.0.1:8080 or [::]:8080.\n".to_owned()
        )
    );
    let output = latchkey(data.path())
        .env("LATCHKEY_LISTN", "x")
        .output()
        .unwrap();
    let (code, message) = told(&output);
    assert_eq!(code, Some(2));
    assert!(
        message.contains("There is no setting `listn` (LATCHKEY_LISTN in the environment)"),
        "{message}"
    );
    fs::write(data.path().join("latchkey.toml"), "lockout_time = 'soon'").unwrap();
    let (code, message) = told(&run(data.path(), &[], ""));
    assert_eq!(code, Some(2));
    assert!(
        message.contains("`lockout_time` (in latchkey.toml) is \"soon\""),
        "{message}"
    );
    // Nothing was made.
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
}

#[test]
fn an_unknown_argument_ends_with_2_and_help_with_0() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(run(data.path(), &["--nonsense"], "").status.code(), Some(2));
    assert_eq!(
        run(data.path(), &["user", "add", "bob"], "").status.code(),
        Some(2)
    );
    assert_eq!(run(data.path(), &["--help"], "").status.code(), Some(0));
    let version = run(data.path(), &["--version"], "");
    assert_eq!(
        String::from_utf8(version.stdout).unwrap(),
        format!("latchkey {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn an_address_that_is_taken_is_named() {
    let data = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, message) = told(&run(
        data.path(),
        &["--log", "off", "--listen", &address],
        "",
    ));
    assert_eq!(code, Some(1));
    assert!(
        message.starts_with(&format!(
            "latchkey: cannot listen on {address}; choose another"
        )),
        "{message}"
    );
}

#[test]
fn accounts_are_made_listed_disabled_and_enabled() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let output = run(
        path,
        &[
            "user",
            "add",
            "bob",
            "--role",
            "Administrator",
            "--password-stdin",
        ],
        PASSWORD,
    );
    assert_eq!(told(&output), (Some(0), String::new()));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        ":bob:unixpwd:1000\n"
    );
    let nt = [
        "user",
        "add",
        "eve",
        "--domain-type",
        "NT",
        "--domain",
        "CORP",
        "--password-stdin",
    ];
    assert_eq!(
        run(path, &nt, &format!("{PASSWORD}\r\n")).status.code(),
        Some(0)
    );
    let eve = [
        "user",
        "disable",
        "eve",
        "--domain-type",
        "nt",
        "--domain",
        "CORP",
    ];
    assert_eq!(told(&run(path, &eve, "")), (Some(0), String::new()));
    let list = run(path, &["user", "list"], "").stdout;
    assert_eq!(
        String::from_utf8(list).unwrap(),
        ":bob:unixpwd:1000\tenabled\tAdministrator\nCORP:eve:nt:1001\tdisabled\t\n"
    );
}

#[test]
fn refused_accounts_are_told_in_the_words_of_the_command_line() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let bob = [
        "user",
        "add",
        "bob",
        "--role",
        "Administrator",
        "--password-stdin",
    ];
    assert_eq!(run(path, &bob, PASSWORD).status.code(), Some(0));
    for (arguments, input, message) in [
        (
            &["user", "add", "bob", "--password-stdin"][..],
            PASSWORD,
            "NAME: There is one of that name already.",
        ),
        (
            &["user", "add", "a/b", "--password-stdin"],
            PASSWORD,
            "NAME: Must be a name of letters, digits and punctuation, without spaces, colons and slashes.",
        ),
        (
            &["user", "add", "ann", "--password-stdin"],
            "short",
            "the password: At least 12 characters are needed.",
        ),
        (
            &["user", "add", "ann", "--password-stdin"],
            "",
            "there is no password on standard input",
        ),
        (
            &[
                "user",
                "add",
                "ann",
                "--role",
                "Emperor",
                "--password-stdin",
            ],
            PASSWORD,
            "--role: There is none of that name.",
        ),
        (
            &["user", "disable", "nobody"],
            "",
            "NAME: There is none of that name.",
        ),
        (
            &["user", "disable", "bob"],
            "",
            "The last administrator cannot be disabled or removed.",
        ),
    ] {
        assert_eq!(
            told(&run(path, arguments, input)),
            (Some(1), format!("latchkey: {message}\n")),
            "{arguments:?}"
        );
    }
    assert_eq!(
        run(
            path,
            &[
                "user",
                "add",
                "x",
                "--domain-type",
                "nis",
                "--password-stdin"
            ],
            ""
        )
        .status
        .code(),
        Some(2)
    );
}

#[test]
fn migrating_makes_the_database_and_its_secrets_for_their_owner_alone() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("new");
    let output = latchkey(data.path())
        .env("LATCHKEY_DATA_DIR", &folder)
        .arg("migrate")
        .output()
        .unwrap();
    assert_eq!(told(&output), (Some(0), String::new()));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "The database is up to date.\n"
    );
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
}

/// The first administrator's password goes into a file of its owner's, which the first sign-in
/// removes; accounts can be added meanwhile.
#[test]
fn the_first_start_makes_an_administrator_and_further_accounts_join_while_it_runs() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let server = Server::start(path);
    let file = path.join("initial-admin-password");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let password = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert_eq!(server.login("admin", &password).0, 201);
    assert!(!file.exists());

    assert_eq!(
        run(path, &["user", "add", "bob", "--password-stdin"], PASSWORD)
            .status
            .code(),
        Some(0)
    );
    assert_eq!(server.login("bob", PASSWORD).0, 201);
    server.kill();

    // The second start makes nobody.
    let server = Server::start(path);
    assert!(!file.exists());
    assert_eq!(server.login("admin", &password).0, 201);
    server.kill();
}

/// After `kill -9` and a restart a key still works.
#[test]
fn a_key_survives_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    run(path, &["user", "add", "bob", "--password-stdin"], PASSWORD);
    let server = Server::start(path);
    let token = server.login("bob", PASSWORD).1["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let wanted = json!({"data": {"type": "apiKeyCreationRequest", "attributes": {"expireAfterDays": "P30D"}}});
    let headers = format!("Authorization: {token}\r\nContent-Type: application/json\r\n");
    let (status, body) = server.request(
        "POST",
        "/netbackup/security/api-keys",
        &headers,
        &wanted.to_string(),
    );
    assert_eq!(status, 201);
    let document: Value = serde_json::from_str(&body).unwrap();
    let key = document["data"]["attributes"]["apiKey"]
        .as_str()
        .unwrap()
        .to_owned();
    server.kill();

    let server = Server::start(path);
    let headers = format!("Authorization: {key}\r\n");
    assert_eq!(server.request("GET", "/verify", &headers, "").0, 204);
    server.kill();
    assert!(!contains(&data, &key));
}

/// K15.
fn contains(data: &TempDir, secret: &str) -> bool {
    fs::read_dir(data.path()).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        path.is_file()
            && fs::read(path)
                .unwrap()
                .windows(64)
                .any(|window| window == secret.as_bytes())
    })
}

#[test]
fn a_stop_signal_ends_the_server_in_order() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path());
    terminate(&server.process);
    let begun = Instant::now();
    let status = server.process.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let mut rest = String::new();
    server.output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
