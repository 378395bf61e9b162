//! Checking the chains: every record, every head, every checkpoint.

use std::{collections::BTreeMap, fmt};

use domain::{audit::GENESIS, error::Error};
use serde::Serialize;

use super::{
    checkpoint::Checkpoint,
    record::{hash_of, head_mac},
};
use crate::{
    Actor, Services, Via,
    core::Core,
    fault::Fault,
    store::audit::{self as store, ChainRow, RecordRow},
};

/// How many records are read at a time.
const BATCH: i64 = 1000;

/// What a check of the audit trail found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many chains there are.
    pub chains: usize,
    /// How many records were read.
    pub records: u64,
    /// How many checkpoints were held against them.
    pub checkpoints: usize,
    /// The first trouble of each chain. Empty: the trail is whole.
    pub findings: Vec<Finding>,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The chain's number.
    pub chain: i64,
    /// The first record that is not as it was. `None`: the chain's head.
    pub record: Option<i64>,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Trouble {
    /// The record is not there.
    Missing,
    /// The record's contents or hash were changed, or it was put into another's place.
    Changed,
    /// The record stands beyond the head, which never vouched for it.
    Beyond,
    /// The head was changed: its MAC does not fit.
    Head,
    /// The record is not the one that a signed checkpoint vouches for.
    Checkpoint,
    /// A checkpoint vouches for a chain that is not there.
    ChainMissing,
    /// A line of the checkpoint file is malformed, or not signed by this installation.
    CheckpointSignature,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Some(record) => write!(f, "chain {}, record {record}: ", self.chain)?,
            None => write!(f, "chain {}: ", self.chain)?,
        }
        f.write_str(match self.trouble {
            Trouble::Missing => "missing",
            Trouble::Changed => "changed, or moved from another place",
            Trouble::Beyond => "beyond the head of the chain",
            Trouble::Head => "the head was changed",
            Trouble::Checkpoint => "not the record that a signed checkpoint vouches for",
            Trouble::ChainMissing => "missing, though a signed checkpoint vouches for it",
            Trouble::CheckpointSignature => "a checkpoint with a signature that is not valid",
        })
    }
}

impl Services {
    /// Checks every chain against its records, its head and the signed checkpoints, in one
    /// snapshot: servers may go on appending meanwhile.
    ///
    /// # Errors
    /// No permission, or the database fails. What is found is in the report.
    pub async fn check_audit(&self, actor: &Actor) -> Result<Report, Error> {
        // The console checks also what can no longer be appended to.
        if *actor.via() != Via::Console {
            self.reading_audit(actor, "check").await?;
        }
        Ok(self.core.check_audit().await?)
    }
}

impl Core {
    async fn check_audit(&self) -> Result<Report, Fault> {
        // Before the snapshot: what a checkpoint vouches for is in it.
        let (checkpoints, mut findings) = self.checkpoints.read();
        let mut tx = self.db.snapshot().await?;
        let heads = store::heads(&mut tx.conn()).await?;
        let mut records = 0;
        for head in &heads {
            let vouched = checkpoints.get(&head.chain);
            let mut walk = Walk::new(head, vouched);
            loop {
                let batch =
                    store::records_after(&mut tx.conn(), head.chain, walk.last_read, BATCH).await?;
                records += batch.len() as u64;
                let done = batch.is_empty();
                for record in &batch {
                    walk.step(record);
                }
                if done {
                    break;
                }
            }
            let mac = head_mac(&self.secrets.audit_key, head.chain, head.height, &head.hash);
            findings.extend(walk.end(head.mac == mac));
        }
        let known = |chain: &i64| heads.iter().any(|head| head.chain == *chain);
        for chain in checkpoints.keys().filter(|chain| !known(chain)) {
            findings.push(Finding {
                chain: *chain,
                record: None,
                trouble: Trouble::ChainMissing,
            });
        }
        Ok(Report {
            chains: heads.len(),
            records,
            checkpoints: checkpoints.values().map(Vec::len).sum(),
            findings,
        })
    }
}

/// A walk along one chain.
struct Walk<'a> {
    head: &'a ChainRow,
    /// The checkpoints still ahead, the nearest last.
    ahead: Vec<&'a Checkpoint>,
    /// The id of the record that was read last.
    last_read: i64,
    /// The id and the hash that the next record builds on.
    previous: (i64, String),
    finding: Option<Finding>,
}

impl<'a> Walk<'a> {
    fn new(head: &'a ChainRow, vouched: Option<&'a Vec<Checkpoint>>) -> Self {
        let mut ahead: Vec<_> = vouched.into_iter().flatten().collect();
        ahead.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.height));
        Self {
            head,
            ahead,
            last_read: 0,
            previous: (0, GENESIS.to_owned()),
            finding: None,
        }
    }

    fn found(&mut self, record: Option<i64>, trouble: Trouble) {
        self.finding.get_or_insert(Finding {
            chain: self.head.chain,
            record,
            trouble,
        });
    }

    fn step(&mut self, record: &RecordRow) {
        self.last_read = record.id;
        if self.finding.is_some() {
            return;
        }
        let (place, previous) = (self.previous.0 + 1, self.previous.1.clone());
        if record.id != place {
            self.found(Some(place), Trouble::Missing);
        } else if record.previous_hash != previous || record.hash != hash_of(record, &previous) {
            self.found(Some(place), Trouble::Changed);
        } else if record.id > self.head.height {
            self.found(Some(place), Trouble::Beyond);
        }
        while let Some(checkpoint) = self.ahead.last().filter(|next| next.height <= record.id) {
            if checkpoint.height == record.id && checkpoint.hash != record.hash {
                self.found(Some(record.id), Trouble::Checkpoint);
            }
            self.ahead.pop();
        }
        self.previous = (record.id, record.hash.clone());
    }

    /// What is wrong with the chain, if anything is.
    fn end(mut self, mac_fits: bool) -> Option<Finding> {
        let (last, hash) = self.previous.clone();
        if last < self.head.height {
            self.found(Some(last + 1), Trouble::Missing);
        }
        // A checkpoint above the head: records and head were rolled back together.
        if !self.ahead.is_empty() {
            self.found(Some(last + 1), Trouble::Missing);
        }
        if !mac_fits || (last == self.head.height && hash != self.head.hash) {
            self.found(None, Trouble::Head);
        }
        self.finding
    }
}

/// The checkpoints of each chain.
pub(super) type ByChain = BTreeMap<i64, Vec<Checkpoint>>;
