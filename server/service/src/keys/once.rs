//! Requests that are carried out once, however often they are sent (`Idempotency-Key`): whoever
//! lost the answer asks again and learns what came of it (L4, L14).

use domain::{audit::hex, error::Error, key::Tag};
use sha2::{Digest, Sha256};

use super::Keys;
use crate::{Actor, fault::Fault, store::idempotency as store};

/// A request under a name that its client chose. Neither is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub(super) name: String,
    pub(super) request: String,
}

impl Once {
    /// A request of that name; `request` is all that makes it what it is.
    pub fn new(name: &[u8], request: &[&[u8]]) -> Self {
        let mut all = Sha256::new();
        for part in request {
            all.update((part.len() as u64).to_be_bytes());
            all.update(part);
        }
        Self {
            name: hex(&Sha256::digest(name)),
            request: hex(&all.finalize()),
        }
    }
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it can be carried out.
    Nothing,
    /// It was carried out, and made this key.
    Done(Tag),
    /// Another request had that name.
    Another,
}

impl Keys {
    /// What is known of a request of the caller's.
    pub async fn known(&self, actor: &Actor, once: &Once) -> Result<Known, Error> {
        let now = self.core.clock.now();
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::find(&mut reader.conn(), actor.identity.id, &once.name, now).await?
        };
        Ok(match row {
            None => Known::Nothing,
            Some(row) if row.request != once.request => Known::Another,
            Some(row) => Known::Done(
                Tag::parse(&row.tag).map_err(|_| Fault::Broken("a stored tag is no tag"))?,
            ),
        })
    }
}
