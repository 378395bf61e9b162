//! `latchkey verify`: whom a key identifies, as a gateway would ask.

use anyhow::Result;
use clap::Args;
use secrecy::ExposeSecret;

use super::{
    connection::{self, Answer},
    credential::{ApiKey, VARIABLE},
    failure::{Failure, Kind},
    output::Fields,
};
use crate::cli::user::read_secret;

#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// Read the key from the first line of standard input [default: that of the environment]
    #[arg(long)]
    key_stdin: bool,
    /// Fail when the owner lacks it on everybody's things: `<operation>@<namespace>`, as roles name
    /// them (may be repeated)
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    #[command(flatten)]
    connection: connection::Arguments,
}

impl Verify {
    pub(super) fn run(&self) -> Result<()> {
        let connection = self.connection.connect()?;
        let key = if self.key_stdin {
            let line = read_secret("key").map_err(|error| Failure::usage(error.to_string()))?;
            ApiKey::parse(line.expose_secret())
                .ok_or_else(|| Failure::new(Kind::Unauthenticated, "that is not an API key"))?
        } else {
            connection.key.clone().ok_or_else(|| {
                Failure::usage(format!("which key? Set {VARIABLE}, or use --key-stdin"))
            })?
        };
        let answer = connection.verify(&key, &self.permissions)?;
        self.connection.output.show(identity(&answer))
    }
}

/// What the identity headers say.
pub(super) fn identity(answer: &Answer) -> Fields {
    let of = |name| answer.header(name);
    let roles = answer.headers.get("x-latchkey-roles");
    let roles = roles
        .and_then(|roles| roles.to_str().ok())
        .unwrap_or_default();
    let roles = roles
        .split(',')
        .filter(|role| !role.is_empty())
        .map(|role| {
            let decoded = percent_encoding::percent_decode_str(role).decode_utf8_lossy();
            decoded.into_owned()
        });
    vec![
        ("userName", of("x-latchkey-user").into()),
        ("userDomain", of("x-latchkey-domain").into()),
        ("userDomainType", of("x-latchkey-domain-type").into()),
        ("apiKeyTag", of("x-latchkey-key-tag").into()),
        ("roles", roles.collect::<Vec<_>>().into()),
        ("expiryDateTime", of("x-latchkey-key-expires").into()),
    ]
}
