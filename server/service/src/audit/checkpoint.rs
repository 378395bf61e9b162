//! Signed checkpoints: what a chain's head was at a time, in a file that can live elsewhere.
//!
//! Whoever rolls back records and head together is found out by a checkpoint that was carried
//! away before. Each line is a JSON object signed with Ed25519 (RFC 8032); the key comes from the
//! audit key, so it needs no file of its own.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::Mutex,
};

use chrono::SecondsFormat;
use domain::audit::hex;
use ed25519_dalek::{Signature, Signer, SigningKey};
use serde::{Deserialize, Serialize};

use super::check::{ByChain, Finding, Trouble};
use crate::{core::Core, fault::Fault, secret::Pepper, store::audit as store};

/// The checkpoint file's name in the data directory.
pub const CHECKPOINT_FILE: &str = "audit-checkpoints.jsonl";

/// What a chain's head was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(super) chain: i64,
    pub(super) height: i64,
    pub(super) hash: String,
    /// When it was signed.
    at: String,
    /// Over the texts of the other fields, joined by spaces, in hexadecimal.
    signature: String,
}

impl Checkpoint {
    fn message(&self) -> String {
        format!(
            "latchkey checkpoint {} {} {} {}",
            self.chain, self.height, self.hash, self.at
        )
    }
}

/// Writes and reads the checkpoint file.
pub(crate) struct Checkpoints {
    file: PathBuf,
    key: SigningKey,
    /// The height that was signed last: no news, no line.
    signed: Mutex<i64>,
}

impl Checkpoints {
    pub(crate) fn new(file: PathBuf, audit_key: &Pepper) -> Self {
        Self {
            file,
            key: SigningKey::from_bytes(&audit_key.mac(b"latchkey checkpoint key")),
            signed: Mutex::new(0),
        }
    }

    /// The valid checkpoints, and the lines that are not.
    pub(super) fn read(&self) -> (ByChain, Vec<Finding>) {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let mut checkpoints = ByChain::new();
        let mut findings = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str::<Checkpoint>(line) {
                Ok(checkpoint) if self.is_signed(&checkpoint) => {
                    checkpoints
                        .entry(checkpoint.chain)
                        .or_default()
                        .push(checkpoint);
                }
                read => findings.push(Finding {
                    chain: read.map_or(0, |checkpoint| checkpoint.chain),
                    record: None,
                    trouble: Trouble::CheckpointSignature,
                }),
            }
        }
        (checkpoints, findings)
    }

    fn is_signed(&self, checkpoint: &Checkpoint) -> bool {
        let signature =
            unhex(&checkpoint.signature).and_then(|bytes| Signature::from_slice(&bytes).ok());
        signature.is_some_and(|signature| {
            let public = self.key.verifying_key();
            public
                .verify_strict(checkpoint.message().as_bytes(), &signature)
                .is_ok()
        })
    }

    fn write(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let mut line = serde_json::to_string(checkpoint)?;
        line.push('\n');
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.file)?;
        file.write_all(line.as_bytes())?;
        file.sync_all()
    }
}

impl Core {
    /// Signs this server's head, if it has moved since the last time.
    pub(crate) async fn sign_checkpoint(&self) -> Result<(), Fault> {
        let head = {
            let mut reader = self.db.reader().await?;
            store::head(&mut reader.conn(), self.chain).await?
        };
        let signed = &self.checkpoints.signed;
        let news = {
            let signed = signed
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            head.height > *signed
        };
        if !news {
            return Ok(());
        }
        let at = self
            .clock
            .now()
            .to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut checkpoint = Checkpoint {
            chain: self.chain,
            height: head.height,
            hash: head.hash,
            at,
            signature: String::new(),
        };
        let message = checkpoint.message();
        checkpoint.signature = hex(&self.checkpoints.key.sign(message.as_bytes()).to_bytes());
        self.checkpoints.write(&checkpoint).map_err(|cause| {
            tracing::error!(%cause, file = %self.checkpoints.file.display(), "no checkpoint was written");
            Fault::Broken("the checkpoint file cannot be written")
        })?;
        *signed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = head.height;
        Ok(())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
