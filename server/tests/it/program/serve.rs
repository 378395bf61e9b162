//! `latchkey serve`.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PASSWORD, latchkey, run, told};

pub(super) struct Server {
    process: Child,
    /// `HOST:PORT`.
    address: String,
    /// Where it listens: scheme and authority.
    pub(super) urls: Vec<String>,
    output: BufReader<std::process::ChildStdout>,
}

impl Server {
    pub(super) fn start(data: &Path) -> Self {
        Self::start_with(data, &["--listen", "127.0.0.1:0"])
    }

    pub(super) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let mut process = latchkey(data)
            .args(["serve", "--log-format", "json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(File::create(data.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut urls = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the server ended");
            if let Some(url) = line.trim().strip_prefix("Listening at ") {
                urls.push(url.to_owned());
            }
            if let Some(url) = line.trim().strip_prefix("Latchkey is ready. Open ") {
                if urls.is_empty() {
                    urls.push(url.to_owned());
                }
                break;
            }
        }
        let (_, address) = urls[0].split_once("://").unwrap();
        Self {
            process,
            address: address.to_owned(),
            urls,
            output,
        }
    }

    /// Status and body.
    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String) {
        let stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let headers = format!("Content-Length: {length}\r\n{headers}");
        let answer = exchange(stream, method, path, &headers, body);
        let status = answer[9..12].parse().unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        // RFC 9110, section 8.6.
        assert!(status != 204 || !head.to_lowercase().contains("content-length"));
        (status, body.to_owned())
    }

    pub(super) fn login(&self, name: &str, password: &str) -> (u16, Value) {
        let body = json!({"userName": name, "password": password}).to_string();
        let headers = "Content-Type: application/json\r\n";
        let (status, body) = self.request("POST", "/netbackup/login", headers, &body);
        (status, serde_json::from_str(&body).unwrap())
    }

    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Also after a test that failed, so that nothing keeps running.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request and reads the answer to its end.
pub(super) fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> String {
    // In one piece: who answers early may not read the rest.
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}",
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn terminate(process: &Child) {
    let status = Command::new("kill")
        .arg(process.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
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

/// K14: a line a request, of JSON, without the password that made a token.
#[test]
fn the_log_is_json_if_that_is_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    run(path, &["user", "add", "bob", "--password-stdin"], PASSWORD);
    let server = Server::start(path);
    assert_eq!(server.login("bob", PASSWORD).0, 201);
    server.kill();
    let log = fs::read_to_string(path.join("log")).unwrap();
    assert!(!log.contains(PASSWORD));
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = lines
        .iter()
        .find(|line| line["message"] == "answered")
        .unwrap();
    assert_eq!(answered["method"], "POST");
    assert_eq!(answered["route"], "/netbackup/login");
    assert_eq!(answered["status"], 201);
    assert_eq!(answered["address"], "127.0.0.1");
    assert_eq!(answered["request"].as_str().unwrap().len(), 24);
}
