//! A server of this tool's own, with a data directory that goes with it.

use crate::postgres::free_port;
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

/// A running server; it ends with this value.
pub(crate) struct Start {
    server: Child,
    began: Instant,
    address: String,
    data_dir: PathBuf,
}

impl Start {
    pub(crate) fn on_an_empty_folder(program: &Path) -> Result<Self> {
        Self::with(program, None, &[])
    }

    /// With an account (name and password), and settings as in the environment.
    pub(crate) fn with(
        program: &Path,
        account: Option<(&str, &str)>,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let data_dir = env::temp_dir().join(format!("latchkey-measure-{}-{port}", id()));
        let command = || {
            let mut command = Command::new(program);
            command
                .env("LATCHKEY_DATA_DIR", &data_dir)
                .env("LATCHKEY_LISTEN", &address)
                .envs(settings.iter().copied())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command
        };
        if let Some((name, password)) = account {
            let mut adding = command()
                .args(["user", "add", name, "--password-stdin"])
                .stdin(Stdio::piped())
                .spawn()
                .with_context(|| format!("cannot start {}", program.display()))?;
            if let Some(input) = &mut adding.stdin {
                input.write_all(password.as_bytes())?;
            }
            ensure!(adding.wait()?.success(), "the account was not made");
        }
        let began = Instant::now();
        let server = command()
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self {
            server,
            began,
            address,
            data_dir,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn until_ready(&self) -> Result<Duration> {
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

    /// `VmRSS` of proc(5), in megabytes of a million bytes, as people count them.
    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        let path = format!("/proc/{}/status", self.server.id());
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let kilobytes: Option<u32> = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .and_then(|number| number.parse().ok());
        let kilobytes = kilobytes.with_context(|| format!("{path} does not tell the memory"))?;
        Ok(f64::from(kilobytes) * 1024.0 / 1e6)
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
