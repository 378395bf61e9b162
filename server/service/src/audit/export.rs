//! Reading the trail out, record by record.

use domain::{
    audit::{Action, Event},
    error::Error,
    operation::Operation,
};
use serde::Serialize;

use crate::{
    Actor, Services,
    fault::Fault,
    store::audit::{self as store, RecordRow},
};

/// A record as it is exported: every column, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(
    missing_docs,
    reason = "the columns are described in docs/ARCHITECTURE.md"
)]
#[serde(rename_all = "camelCase")]
pub struct ExportedRecord {
    pub chain: i64,
    pub id: i64,
    pub recorded_at: String,
    pub action: String,
    pub category: String,
    pub operation: String,
    pub outcome: String,
    pub actor: Option<String>,
    pub via: Option<String>,
    pub address: Option<String>,
    pub object: String,
    pub state_before: Option<String>,
    pub state_after: Option<String>,
    pub cause: Option<String>,
    pub reason: Option<String>,
    pub client_id: Option<String>,
    pub request_id: Option<String>,
    pub previous_hash: String,
    pub hash: String,
}

impl From<RecordRow> for ExportedRecord {
    fn from(row: RecordRow) -> Self {
        Self {
            chain: row.chain,
            id: row.id,
            recorded_at: row.recorded_at,
            action: row.action,
            category: row.category,
            operation: row.operation,
            outcome: row.outcome,
            actor: row.actor,
            via: row.via,
            address: row.address,
            object: row.object,
            state_before: row.state_before,
            state_after: row.state_after,
            cause: row.cause,
            reason: row.reason,
            client_id: row.client_id,
            request_id: row.request_id,
            previous_hash: row.previous_hash,
            hash: row.hash,
        }
    }
}

impl Services {
    /// Records that the trail is read, or that it may not be.
    pub(super) async fn reading_audit(&self, actor: &Actor, what: &str) -> Result<(), Error> {
        let allowed = actor.may(Operation::ViewAudit).map_err(Fault::from);
        let action = Action::AuditRead;
        self.core
            .recording_refusal(actor, allowed, action, what)
            .await?;
        Ok(self
            .core
            .record(actor, &Event::done(Action::AuditRead, what))
            .await?)
    }
}

impl Services {
    /// Hands every record to `take`, chain by chain, in the order of the chain, from one snapshot.
    ///
    /// # Errors
    /// No permission, the database fails, or `take` does.
    pub async fn export_audit<E: From<Error>>(
        &self,
        actor: &Actor,
        mut take: impl FnMut(ExportedRecord) -> Result<(), E>,
    ) -> Result<u64, E> {
        self.reading_audit(actor, "export").await?;
        let told = |fault: Fault| E::from(Error::from(fault));
        let mut tx = self.core.db.snapshot().await.map_err(told)?;
        let heads = store::heads(&mut tx.conn()).await.map_err(told)?;
        let mut exported = 0;
        for head in heads {
            let mut last = 0;
            loop {
                let batch = store::records_after(&mut tx.conn(), head.chain, last, 1000)
                    .await
                    .map_err(told)?;
                let Some(end) = batch.last() else { break };
                last = end.id;
                exported += batch.len() as u64;
                for record in batch {
                    take(record.into())?;
                }
            }
        }
        Ok(exported)
    }
}
