//! Finding whom a new key is for.

use domain::{
    audit::Action,
    error::{Error, FieldError, Problem},
    operation::{Operation, decide_finding_users},
    principal::{DomainType, Identity, Principal, fold},
};

use super::Users;
use crate::{Actor, fault::Fault, store::users as store};

/// How many users a search for an owner shows.
const MAX_FOUND: i64 = 8;

impl Users {
    /// A few users whose names begin with `start`.
    ///
    /// # Errors
    /// No permission: see [`decide_finding_users`].
    pub async fn named_like(&self, actor: &Actor, start: &str) -> Result<Vec<Identity>, Error> {
        self.finding(actor).await?;
        if start.chars().any(char::is_control) {
            // No name holds these, and one database refuses some of them.
            return Ok(Vec::new());
        }
        // Folded as local names are; SAML names are compared as they are.
        let folded = fold(DomainType::Unixpwd, start).unwrap_or_else(|_| start.to_owned());
        let mut reader = self.core.db.reader().await?;
        let rows = store::named_like(&mut reader.conn(), &folded, MAX_FOUND).await?;
        let found = rows.iter().map(store::UserRow::identity);
        Ok(found.collect::<Result<_, Fault>>()?)
    }

    /// Refuses, and records it, unless the actor may find users by name.
    pub(super) async fn finding(&self, actor: &Actor) -> Result<(), Error> {
        let may = actor.settled();
        let may = may.and_then(|()| decide_finding_users(actor.rights, actor.via.means()));
        let (core, may) = (&self.core, may.map_err(Fault::from));
        core.recording_refusal(actor, may, Action::Read, "users")
            .await
    }

    /// The principal that a form names: a SAML user of that identity provider, or the local
    /// account of that name, whatever kind it is.
    ///
    /// # Errors
    /// `userName` is unknown or not the name of one account alone; no permission.
    pub async fn owner(
        &self,
        actor: &Actor,
        name: &str,
        saml: bool,
        domain: &str,
    ) -> Result<Principal, Error> {
        actor.may(Operation::CreateKey)?;
        let wrong = |problem| Error::from(FieldError::new("userName", problem));
        if name.is_empty() {
            return Err(wrong(Problem::Required));
        }
        if saml {
            return Principal::new(DomainType::Saml, domain, name)
                .map_err(|_| wrong(Problem::Unknown));
        }
        let folded = fold(DomainType::Unixpwd, name).map_err(|_| wrong(Problem::Unknown))?;
        let mut reader = self.core.db.reader().await?;
        let rows = store::find_local(&mut reader.conn(), &folded).await?;
        match &*rows {
            [] => Err(wrong(Problem::Unknown)),
            [one] => Ok(one.identity()?.principal),
            several => {
                let of_domain = several.iter().map(store::UserRow::identity);
                let of_domain = of_domain.collect::<Result<Vec<_>, Fault>>()?;
                let mut of_domain = of_domain
                    .into_iter()
                    .filter(|identity| identity.principal.domain == domain);
                match (of_domain.next(), of_domain.next()) {
                    (Some(one), None) => Ok(one.principal),
                    _ => Err(wrong(Problem::Ambiguous)),
                }
            }
        }
    }
}
