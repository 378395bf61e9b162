//! What a start costs: time until the server is ready, and memory after it.

use crate::{postgres::free_port, server, site};
use anyhow::{Context as _, Result, ensure};
use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio, id},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a start may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(30);
const STARTS: usize = 5;

/// Starts the release build several times on an empty data directory, and prints the median.
pub(crate) fn run() -> Result<()> {
    let program = server::build(&site::build()?, true)?;
    let mut times = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..STARTS {
        let start = Start::on_an_empty_folder(&program)?;
        times.push(start.until_ready()?);
        memory.push(start.resident_kilobytes()?);
    }
    times.sort_unstable();
    memory.sort_unstable();
    println!(
        "ready after {} ms, {:.1} MB resident (medians of {STARTS} starts)",
        times[STARTS / 2].as_millis(),
        // Megabytes of a million bytes, as people count them.
        f64::from(memory[STARTS / 2]) * 1024.0 / 1e6,
    );
    Ok(())
}

/// A server of its own; it ends with this value.
struct Start {
    server: Child,
    began: Instant,
    address: String,
    data_dir: PathBuf,
}

impl Start {
    fn on_an_empty_folder(program: &Path) -> Result<Self> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let data_dir = env::temp_dir().join(format!("latchkey-measure-{}-{port}", id()));
        let began = Instant::now();
        let server = Command::new(program)
            .env("LATCHKEY_DATA_DIR", &data_dir)
            .env("LATCHKEY_LISTEN", &address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self {
            server,
            began,
            address,
            data_dir,
        })
    }

    fn until_ready(&self) -> Result<Duration> {
        while !self.answers() {
            ensure!(self.began.elapsed() < PATIENCE, "the server does not start");
            sleep(Duration::from_millis(2));
        }
        Ok(self.began.elapsed())
    }

    fn answers(&self) -> bool {
        let request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let mut answer = String::new();
        TcpStream::connect(&self.address)
            .and_then(|mut stream| {
                stream.write_all(request)?;
                stream.read_to_string(&mut answer)
            })
            .is_ok_and(|_| answer.starts_with("HTTP/1.1 200"))
    }

    /// `VmRSS` of proc(5).
    fn resident_kilobytes(&self) -> Result<u32> {
        let path = format!("/proc/{}/status", self.server.id());
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .and_then(|number| number.parse().ok())
            .with_context(|| format!("{path} does not tell the memory"))
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        // Nobody is left to tell when the clean-up fails; the folder is a temporary one.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.data_dir);
    }
}
