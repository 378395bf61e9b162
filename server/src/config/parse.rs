//! How the text of a setting is read. Each error completes "Must be …".

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;

use crate::network::{Network, Networks};

/// What a value must be, completing "Must be …".
pub(super) type Expected = &'static str;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Where to listen, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// Port 0: the system chooses.
    pub address: SocketAddr,
    /// TLS, or plain.
    pub tls: bool,
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.address)
    }
}

/// An address without a scheme is plain.
pub(super) fn listen(text: &str) -> Result<Vec<Listen>, Expected> {
    let one = |part: &str| {
        let part = part.trim();
        let (tls, address) = match part.strip_prefix("https://") {
            Some(address) => (true, address),
            None => (false, part.strip_prefix("http://").unwrap_or(part)),
        };
        let address = address.parse().ok()?;
        Some(Listen { address, tls })
    };
    text.split(',').map(one).collect::<Option<_>>().ok_or(
        "addresses with ports, separated by commas, such as 127.0.0.1:8080 or https://[::]:1556",
    )
}

pub(super) fn switch(text: &str) -> Result<bool, Expected> {
    text.parse().map_err(|_| "true or false")
}

/// The address of a server: scheme and authority only, because pages are served from the root.
///
/// # Errors
/// What it must be.
pub fn public_url(text: &str) -> Result<String, &'static str> {
    const EXPECTED: Expected = "an address such as https://keys.example.org, without a path";
    let uri: http::Uri = text.parse().map_err(|_| EXPECTED)?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| matches!(*scheme, "http" | "https"));
    let authority = uri
        .authority()
        .filter(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    match (scheme, authority, uri.path(), uri.query()) {
        (Some(scheme), Some(authority), "/" | "", None) => Ok(format!("{scheme}://{authority}")),
        _ => Err(EXPECTED),
    }
}

pub(super) fn path(text: &str) -> Result<PathBuf, Expected> {
    if text.is_empty() || text.contains('\0') {
        return Err("a path");
    }
    Ok(text.into())
}

pub(super) fn database_url(text: &str) -> Result<SecretString, Expected> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(text.into())
    } else {
        Err("sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/NAME")
    }
}

pub(super) fn log_filter(text: &str) -> Result<String, Expected> {
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "a filter such as info, warn or info,service=debug")
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Expected> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("text or json"),
    }
}

/// Empty: none.
pub(super) fn networks(text: &str) -> Result<Networks, Expected> {
    text.split(',')
        .map(str::trim)
        .filter(|network| !network.is_empty())
        .map(str::parse::<Network>)
        .collect::<Result<Vec<_>, _>>()
        .map(Networks::new)
        .map_err(|_| "addresses or networks separated by commas, such as 10.0.0.0/8, ::1")
}

/// A whole number with its unit. At least a second, at most a year.
pub(super) fn duration(text: &str) -> Result<Duration, Expected> {
    const EXPECTED: Expected = "a whole number from 1 and s, m, h or d, such as 30m, at most 365d";
    let unit = text.chars().next_back().ok_or(EXPECTED)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(EXPECTED),
    };
    let number: u32 = whole(&text[..text.len() - 1]).ok_or(EXPECTED)?;
    u64::from(number)
        .checked_mul(seconds)
        .filter(|seconds| (1..=365 * 24 * 60 * 60).contains(seconds))
        .map(Duration::from_secs)
        .ok_or(EXPECTED)
}

pub(super) fn count(text: &str) -> Result<u32, Expected> {
    whole(text)
        .filter(|number| (1..=1_000_000).contains(number))
        .ok_or("a whole number from 1 to 1000000")
}

/// `u32::from_str` would take a sign.
fn whole(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}
