//! Sample people and keys, for trying Latchkey out and for measuring it. Only ever put into a
//! database that has nobody else in it.

mod many;
mod people;
mod sample;
mod story;

use std::sync::Arc;

use domain::{Instant, error::Error};

use self::people::{PEOPLE, Person};
pub use self::{many::Many, people::PASSWORD};
use crate::{
    Actor, OpenError, Options, Services,
    clock::FakeClock,
    entropy::SecretSource,
    store,
    users::{FIRST_ADMINISTRATOR, User},
};

/// Why there are no samples.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database or its secrets.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A use case.
    #[error(transparent)]
    Told(#[from] Error),
    /// Somebody might need what is there.
    #[error(
        "the database holds accounts that the demonstration did not make, such as {0}; start \
         without --demo, or with another data directory or database"
    )]
    HoldsUsers(String),
    /// The story has a hole.
    #[error("the demonstration does not work: {0}")]
    Broken(&'static str),
}

/// Somebody to sign in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user name.
    pub name: &'static str,
    /// Who that is.
    pub about: &'static str,
}

/// Fills an empty database with people, keys in every state and an audit trail, by living through
/// the past year until `now`. Does nothing to a database that was filled so before, whoever was
/// added to it since. Returns whom to sign in as with [`PASSWORD`].
///
/// # Errors
/// The database holds real users, or fails.
pub async fn fill(
    options: Options,
    now: Instant,
    entropy: Arc<dyn SecretSource>,
) -> Result<Vec<Account>, DemoError> {
    let clock = Arc::new(FakeClock::new(now));
    let services = Services::open(options, Arc::new(clock.clone()), entropy).await?;
    let filled = fill_unless_filled(&services, &clock, now).await;
    services.close().await;
    filled
}

async fn fill_unless_filled(
    services: &Services,
    clock: &FakeClock,
    now: Instant,
) -> Result<Vec<Account>, DemoError> {
    let there = services.users.list(&Actor::console()).await?;
    let newcomer = services.users.new_administrator().await?;
    let is_there = |person: &Person| there.iter().any(|user| person.is(&user.identity));
    let missing: Vec<_> = PEOPLE.iter().filter(|person| !is_there(person)).collect();
    // In a demonstration, also whom somebody added to it is no real person. Elsewhere everybody is
    // but an administrator whom nobody was yet.
    let real = |user: &&User| !missing.is_empty() && newcomer != Some(user.identity.id);
    if let Some(user) = there.iter().find(real) {
        return Err(DemoError::HoldsUsers(user.identity.principal.name.clone()));
    }
    // The password of an administrator who was there is theirs.
    let own = newcomer.is_some();
    if !missing.is_empty() {
        story::tell(services, clock, now, &missing).await?;
    }
    let accounts = PEOPLE.iter().filter_map(Person::account);
    let accounts = accounts.filter(|account| !own || account.name != FIRST_ADMINISTRATOR);
    Ok(accounts.collect())
}

/// The identity provider that some samples sign in by, and what it calls them.
pub fn saml_people() -> (&'static str, Vec<&'static str>) {
    let people = PEOPLE.iter().filter(|person| person.saml);
    (people::PROVIDER, people.map(|person| person.name).collect())
}

impl Services {
    /// Whether the database holds a demonstration: accounts that everybody knows the password of.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_demonstration(&self) -> Result<bool, Error> {
        let mut reader = self.core.db.reader().await?;
        for person in PEOPLE {
            let who = person.principal()?;
            // Their names are what they fold to.
            let found =
                store::users::find(&mut reader.conn(), who.domain_type, &who.domain, &who.name)
                    .await?;
            if found.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
