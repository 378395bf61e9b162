//! `latchkey verify`: whom a key identifies, as a gateway would ask.

use std::io;

use anyhow::Result;
use clap::Args;
use secrecy::ExposeSecret;

use super::{
    connection::{self, Answer},
    credential::{ApiKey, VARIABLE},
    failure::{Failure, Kind},
    output::Fields,
};
use crate::cli::user::read_password;

#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// Read the key from the first line of standard input [default: that of the environment]
    #[arg(long)]
    key_stdin: bool,
    #[command(flatten)]
    connection: connection::Arguments,
}

impl Verify {
    pub(super) fn run(&self) -> Result<()> {
        let connection = self.connection.connect()?;
        let key = if self.key_stdin {
            let line = read_password().map_err(|_| io::Error::other("no key"));
            let line = line.map_err(|_| Failure::usage("there is no key on standard input"))?;
            ApiKey::parse(line.expose_secret())
                .ok_or_else(|| Failure::new(Kind::Unauthenticated, "that is not an API key"))?
        } else {
            connection.key.clone().ok_or_else(|| {
                Failure::usage(format!("which key? Set {VARIABLE}, or use --key-stdin"))
            })?
        };
        let answer = connection.verify(&key, "")?;
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
