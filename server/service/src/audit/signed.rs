//! Exports that prove to somebody else where they come from and that they are whole.
//!
//! Their last line is a signature over all lines before it: a JSON Web Signature (RFC 7515) with
//! Ed25519 (RFC 8037). Its key comes from the audit key, so every server has the same one, and
//! whoever has the public half needs neither Latchkey nor its database to check a file.

use std::io::{self, BufRead, Read};

use domain::{Instant, audit::hex, error::Error};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TrailFilter;
use crate::{Services, core::Core, fault::Fault, token::TokenKeys};

/// Kept in the signature's header, so that it is taken for nothing else.
const KIND: &str = "latchkey-audit-export";
/// No line of ours is that long; a file that is no export need not have lines.
const LONGEST_LINE: u64 = 4 << 20;

/// What a signature vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportSeal {
    /// When the export was complete.
    #[serde(rename = "iat", with = "chrono::serde::ts_seconds")]
    pub at: Instant,
    /// What the export was narrowed to: a part is not to be taken for the whole.
    pub filter: TrailFilter,
    /// How many records there are.
    pub records: u64,
    /// SHA-256 of all lines before the signature with their ends, in hexadecimal.
    pub sha256: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastLine {
    signature: String,
}

/// Follows an export as it is written. By default one of the whole trail.
#[derive(Default)]
pub struct ExportSum {
    filter: TrailFilter,
    hash: Sha256,
    records: u64,
}

impl ExportSum {
    /// Of an export of what fits.
    pub(super) fn narrowed(filter: TrailFilter) -> Self {
        Self {
            filter,
            ..Self::default()
        }
    }

    /// Takes in lines as they are written: so many records.
    pub fn take(&mut self, lines: &[u8], records: usize) {
        self.hash.update(lines);
        self.records += records as u64;
    }

    fn seal(self, at: Instant) -> ExportSeal {
        ExportSeal {
            at,
            filter: self.filter,
            records: self.records,
            sha256: hex(&self.hash.finalize()),
        }
    }
}

/// Why a file proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// It was cut off, or never signed.
    #[error("the last line is no signature: the file was cut off, or is no signed export")]
    NotSigned,
    /// By somebody else, or the signature itself was changed.
    #[error("the signature is not one of this installation")]
    NotOurs,
    /// Something before the signature.
    #[error("the records are not those that were signed")]
    Changed,
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
}

impl Core {
    /// The key pair that signs exports.
    fn export_keys(&self) -> Result<TokenKeys, Fault> {
        let seed = self.secrets.audit_key.mac(b"latchkey export key");
        TokenKeys::from_seed(&seed).ok_or(Fault::Broken("there is no key for exports"))
    }
}

impl Services {
    /// The last line of an export: its signature.
    ///
    /// # Errors
    /// None that can happen while the secrets are whole.
    pub fn sign_export(&self, sum: ExportSum) -> Result<String, Error> {
        let seal = sum.seal(self.now());
        let signature = self.core.export_keys()?.sign(KIND, &seal)?;
        let line = serde_json::to_string(&LastLine { signature });
        let line = line.map_err(|_| Fault::Broken("a signature has no JSON"))?;
        Ok(line + "\n")
    }

    /// The public half of the key that signs exports, as PEM (RFC 8410).
    ///
    /// # Errors
    /// As [`Services::sign_export`].
    pub fn export_public_key(&self) -> Result<String, Error> {
        let pem = self.core.export_keys()?.public().pem();
        Ok(pem.ok_or(Fault::Broken("a public key has no PEM"))?)
    }

    /// Checks that a file is, byte by byte, an export of this installation.
    ///
    /// # Errors
    /// It is not, or cannot be read.
    pub fn check_export(&self, file: impl BufRead) -> Result<ExportSeal, Unproven> {
        let keys = self.core.export_keys().map_err(|_| Unproven::NotOurs)?;
        let (last, sum) = last_line_of(file)?;
        let last: LastLine = serde_json::from_slice(&last).map_err(|_| Unproven::NotSigned)?;
        let seal = keys.public().read::<ExportSeal>(KIND, &last.signature);
        let seal = seal.ok_or(Unproven::NotOurs)?;
        if (sum.records, hex(&sum.hash.finalize())) != (seal.records, seal.sha256.clone()) {
            return Err(Unproven::Changed);
        }
        Ok(seal)
    }
}

/// The last line, and the sum of those before it.
fn last_line_of(mut file: impl BufRead) -> Result<(Vec<u8>, ExportSum), Unproven> {
    let (mut last, mut sum) = (Vec::new(), ExportSum::default());
    loop {
        let mut line = Vec::new();
        let read = (&mut file)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok((last, sum));
        }
        if !line.ends_with(b"\n") {
            return Err(Unproven::NotSigned);
        }
        if !last.is_empty() {
            sum.take(&last, 1);
        }
        last = line;
    }
}
