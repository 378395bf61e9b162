//! Finding whom a new key is for.

use domain::{
    error::{Error, FieldError, Problem},
    operation::Operation,
    principal::{DomainType, Identity, Principal, fold},
};

use super::Users;
use crate::{Actor, fault::Fault, store::users as store};

/// How many users a search for an owner shows.
const MAX_FOUND: i64 = 8;

impl Users {
    /// A few users whose names begin with `start`, for whoever may see users; nobody for others,
    /// who have to know the name.
    pub async fn named_like(&self, actor: &Actor, start: &str) -> Result<Vec<Identity>, Error> {
        if actor.may(Operation::ViewUsers).is_err() {
            return Ok(Vec::new());
        }
        // Folded as local names are; SAML names are compared as they are.
        let folded = fold(DomainType::Unixpwd, start).unwrap_or_else(|_| start.to_owned());
        let mut reader = self.core.db.reader().await?;
        let rows = store::named_like(&mut reader.conn(), &folded, MAX_FOUND).await?;
        let found = rows.iter().map(store::UserRow::identity);
        Ok(found.collect::<Result<_, Fault>>()?)
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
