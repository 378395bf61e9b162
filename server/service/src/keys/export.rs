//! The list of keys as a whole, page by page.

use domain::{
    audit::{Action, Event},
    directory::{DirectoryQuery, MAX_PAGE},
    error::Error,
    key::ApiKey,
    operation::Operation,
    permission::Whose,
};

use super::Keys;
use crate::Actor;

/// A list of keys on its way out.
pub struct KeyExport {
    keys: Keys,
    actor: Actor,
    /// The next page. `None`: there is none.
    query: Option<DirectoryQuery>,
}

impl Keys {
    /// Begins to hand out the keys that a list shows, from its beginning. That somebody does is
    /// recorded.
    ///
    /// # Errors
    /// No permission to view other people's keys; wrong fields.
    pub async fn export(&self, actor: &Actor, query: DirectoryQuery) -> Result<KeyExport, Error> {
        let (core, what) = (&self.core, "the list of API keys, as a file");
        core.reading(actor, Operation::ViewKey, Whose::Others, what)
            .await?;
        core.record(actor, &Event::done(Action::Read, what)).await?;
        Ok(KeyExport {
            keys: self.clone(),
            actor: actor.clone(),
            query: Some(DirectoryQuery {
                after: None,
                before: None,
                limit: MAX_PAGE,
                ..query
            }),
        })
    }
}

impl KeyExport {
    /// The next keys. `None`: those were all.
    ///
    /// # Errors
    /// As [`Keys::directory`].
    pub async fn next(&mut self) -> Result<Option<Vec<ApiKey>>, Error> {
        let Some(query) = self.query.take() else {
            return Ok(None);
        };
        let page = self.keys.directory(&self.actor, &query).await?;
        if page.after.is_some() {
            self.query = Some(DirectoryQuery {
                after: page.after,
                ..query
            });
        }
        Ok(Some(page.items))
    }
}
