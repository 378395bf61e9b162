//! Whether anything has changed.

use domain::{error::Error, operation::Operation};

use crate::{Actor, Services, store::audit as store};

/// What the pages that stay up to date show.
const SHOWN: [Operation; 4] = [
    Operation::ViewKey,
    Operation::ViewUsers,
    Operation::ViewRoles,
    Operation::ViewPolicy,
];

impl Services {
    /// A text that is another one once anything was changed or refused, by whomever and on
    /// whichever server: the heights of the audit chains. Empty for who may see none of the pages
    /// that stay up to date by it. Cheap enough to be asked every few seconds.
    pub async fn pulse(&self, actor: &Actor) -> Result<String, Error> {
        if !SHOWN.iter().any(|operation| actor.may(*operation).is_ok()) {
            return Ok(String::new());
        }
        self.heights().await
    }

    /// The same, for the server itself: it says nothing of what has changed.
    pub async fn heights(&self) -> Result<String, Error> {
        let mut reader = self.core.db.reader().await?;
        let heads = store::heads(&mut reader.conn()).await?;
        let heights = heads.iter().map(|head| head.height.to_string());
        Ok(heights.collect::<Vec<_>>().join(" "))
    }
}
