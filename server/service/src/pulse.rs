//! Whether anything has changed.

use domain::{error::Error, operation::Operation};

use crate::{Actor, Services, store::audit as store};

impl Services {
    /// A text that is another one once anything was changed or refused, by whomever and on
    /// whichever server: the heights of the audit chains. Empty for who may not see other
    /// people's keys. Cheap enough to be asked every few seconds.
    pub async fn pulse(&self, actor: &Actor) -> Result<String, Error> {
        if actor.may(Operation::ViewKey).is_err() {
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
