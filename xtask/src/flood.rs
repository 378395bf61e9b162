//! What a flood of wrong keys from one address does to the memory, and to another client.

use crate::{server, site, start::Start};
use anyhow::{Context as _, Result, ensure};
use domain::key::{self, RANDOM_BYTES};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

const WRONG_KEYS: u32 = 10_000;
/// The flood comes in so many parts; before each the other client is alone for as many requests.
const ROUNDS: u32 = 10;
const ALONE: usize = 300;
const COMPARED: u32 = 2_000;
/// Between two requests of the other client.
const PAUSE: Duration = Duration::from_millis(1);

const FLOODER: &str = "203.0.113.9";
const OTHER: &str = "203.0.113.10";
const NAME: &str = "bob";
const PASSWORD: &str = "correct horse battery";

/// Floods the release build and prints the figures. Both clients ask `/verify`, which has no limit
/// of requests, so that what is measured is the limit of failures.
pub(crate) fn run() -> Result<()> {
    let program = server::release(&site::any()?)?;
    let settings = [
        ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1"),
        ("LATCHKEY_LOG", "off"),
    ];
    let start = Start::with(&program, Some((NAME, PASSWORD)), &settings)?;
    start.until_ready()?;
    let key = make_key(start.address())?;
    let mut flood = Connection::open(start.address())?;
    let mut other = Connection::open(start.address())?;
    let mut told = Told::default();
    let (mut alone, mut meanwhile) = (Vec::new(), Vec::new());
    let mut time = Duration::ZERO;
    // So that no first time is measured.
    other.times(&key, ALONE, || false)?;
    let before = start.resident_megabytes()?;
    for round in 0..ROUNDS {
        alone.extend(other.times(&key, ALONE, || false)?);
        let ended = AtomicBool::new(false);
        let begun = Instant::now();
        let (measured, flooded) = thread::scope(|scope| {
            let flooding = scope.spawn(|| {
                let flooded = flood.wrong_keys(round, &mut told);
                ended.store(true, Ordering::Relaxed);
                flooded
            });
            let measured = other.times(&key, usize::MAX, || ended.load(Ordering::Relaxed));
            (measured, flooding.join())
        });
        time += begun.elapsed();
        flooded.map_err(|_| anyhow::anyhow!("the flood panicked"))??;
        meanwhile.extend(measured?);
    }
    let after = start.resident_megabytes()?;
    println!(
        "{WRONG_KEYS} wrong keys from one address in {:.1} s: {} answered 401, the others 429",
        time.as_secs_f64(),
        told.unauthorized,
    );
    println!("memory: {before:.1} MB before, {after:.1} MB after");
    let (quiet, busy) = (p99(&mut alone), p99(&mut meanwhile));
    println!(
        "another client, p99: {} µs alone ({} requests), {} µs meanwhile ({}), ratio {:.1} (goal 2)",
        quiet.as_micros(),
        alone.len(),
        busy.as_micros(),
        meanwhile.len(),
        busy.as_secs_f64() / quiet.as_secs_f64(),
    );
    compare_refusals(&mut flood, &key)
}

/// How long keys take that differ in why they are refused (K7), asked in turn.
fn compare_refusals(connection: &mut Connection, key: &str) -> Result<()> {
    let bytes = key::parse(key.as_bytes()).ok().context("not a key")?;
    let mut random = [7; RANDOM_BYTES];
    random.copy_from_slice(&bytes[3..3 + RANDOM_BYTES]);
    random[RANDOM_BYTES - 1] ^= 1;
    let wrong_secret = key::write(&key::assemble(&random));
    let mut times = [const { Vec::new() }; 2];
    for number in 0..COMPARED {
        for (times, key) in times.iter_mut().zip([&wrong_key(number), &wrong_secret]) {
            let begun = Instant::now();
            connection.verify(FLOODER, key)?;
            times.push(begun.elapsed());
        }
    }
    let [unknown, wrong] = times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    });
    println!(
        "refused, medians of {COMPARED}: {} µs an unknown tag, {} µs a wrong secret",
        unknown.as_micros(),
        wrong.as_micros(),
    );
    Ok(())
}

/// What the flood was answered.
#[derive(Default)]
struct Told {
    unauthorized: usize,
    limited: usize,
}

fn p99(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    let place = times.len() * 99 / 100;
    times.get(place).copied().unwrap_or_default()
}

/// Signs in and makes a key.
fn make_key(address: &str) -> Result<String> {
    let mut connection = Connection::open(address)?;
    let login = format!("{{\"userName\":\"{NAME}\",\"password\":\"{PASSWORD}\"}}");
    let (status, body) = connection.post("login", "", &login)?;
    ensure!(status == 201, "no token: {status} {body}");
    let token = body["token"].as_str().context("no token")?;
    let wanted =
        r#"{"data":{"type":"apiKeyCreationRequest","attributes":{"expireAfterDays":"P1D"}}}"#;
    let (status, body) = connection.post("security/api-keys", token, wanted)?;
    ensure!(status == 201, "no key: {status} {body}");
    let key = &body["data"]["attributes"]["apiKey"];
    Ok(key.as_str().context("no key")?.to_owned())
}

/// A connection that stays open, as that of a gateway.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Asks with the valid key until it was asked so often or it shall end; returns how long each
    /// took.
    fn times(&mut self, key: &str, most: usize, end: impl Fn() -> bool) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while times.len() < most && !end() {
            let begun = Instant::now();
            let status = self.verify(OTHER, key)?;
            times.push(begun.elapsed());
            ensure!(status == 204, "a valid key was answered {status}");
            thread::sleep(PAUSE);
        }
        Ok(times)
    }

    /// A part of the flood, as fast as it is answered.
    fn wrong_keys(&mut self, round: u32, told: &mut Told) -> Result<()> {
        let part = WRONG_KEYS / ROUNDS;
        for number in round * part..(round + 1) * part {
            match self.verify(FLOODER, &wrong_key(number))? {
                // Each second there is room for another one.
                401 => told.unauthorized += 1,
                429 => told.limited += 1,
                other => anyhow::bail!("a wrong key was answered {other}"),
            }
            let (first, limited) = (number < 60, told.limited > 0);
            ensure!(
                first != limited,
                "after {number} wrong keys: limited is {limited}"
            );
        }
        Ok(())
    }

    fn verify(&mut self, from: &str, key: &str) -> Result<u16> {
        let head = format!(
            "GET /verify HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {from}\r\nAuthorization: {key}\r\n\r\n"
        );
        Ok(self.exchange(&head)?.0)
    }

    fn post(&mut self, path: &str, token: &str, body: &str) -> Result<(u16, serde_json::Value)> {
        let credential = match token {
            "" => String::new(),
            token => format!("Authorization: {token}\r\n"),
        };
        let (status, body) = self.exchange(&format!(
            "POST /netbackup/{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             {credential}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        ))?;
        Ok((status, serde_json::from_slice(&body)?))
    }

    /// Status and body.
    fn exchange(&mut self, request: &str) -> Result<(u16, Vec<u8>)> {
        self.0.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (None, 0);
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line)? > 0, "the connection ended");
            let text = line.trim_end().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            if let Some(told) = text.strip_prefix("http/1.1 ") {
                status = told.get(..3).and_then(|status| status.parse().ok());
            }
            if let Some(told) = text.strip_prefix("content-length: ") {
                length = told.parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status.context("no status")?, body))
    }
}

/// A well-formed key that nobody has: another tag for each number.
fn wrong_key(number: u32) -> String {
    let mut random = [7; RANDOM_BYTES];
    random[..4].copy_from_slice(&number.to_be_bytes());
    key::write(&key::assemble(&random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p99_is_above_ninety_nine_of_a_hundred() {
        let mut times: Vec<_> = (0..1000).rev().map(Duration::from_micros).collect();
        assert_eq!(p99(&mut times), Duration::from_micros(990));
    }
}
