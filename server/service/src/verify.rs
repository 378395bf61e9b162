//! Verification: the hot path. Parse, checksum, look up, compare in constant time. Writes nothing.

use std::sync::Arc;

use domain::{
    Instant,
    error::Error,
    key::{State, Tag},
    permission::Rights,
    principal::Identity,
};

use crate::{
    Origin,
    core::Core,
    refusals::Presented,
    roles,
    secret::KeyValue,
    store::keys::{self, CheckRow},
};

/// The identity behind a key that authenticates.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Whom the key identifies.
    pub owner: Identity,
    /// The key's public part.
    pub tag: Tag,
    /// The owner's roles at present, by name.
    pub roles: Vec<String>,
    /// What they amount to.
    pub rights: Rights,
    /// When the key was made.
    pub created_at: Instant,
    /// When the key ends: its validity, or the overlap after a reissue.
    pub expires_at: Instant,
    pub(crate) security_administrator: bool,
}

/// Checks keys.
#[derive(Clone)]
pub struct Verifier {
    pub(crate) core: Arc<Core>,
}

impl Verifier {
    /// Checks a key as a client sent it.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an unknown, wrong, expired, inactive, disabled or deleted
    /// key alike, after the same work; [`Error::TooMany`] instead after too many of them.
    pub async fn verify(&self, key: &[u8], origin: &Origin) -> Result<Verified, Error> {
        let core = &*self.core;
        let Ok(value) = KeyValue::parse(key) else {
            core.refusals
                .note(&origin.address, Presented::Key(None), "malformed");
            return Err(core.failed(&origin.address, None));
        };
        let now = core.clock.now();
        let tag = value.tag();
        let rows = {
            let mut reader = core.db.reader().await?;
            keys::for_check(&mut reader.conn(), &tag).await?
        };
        // An unknown or deleted key is compared as well, with what nothing matches.
        let digest = value.digest(&core.secrets.pepper);
        let stored = rows.first().and_then(|row| row.digest.as_deref());
        let matches = digest.matches(stored.unwrap_or(&[0; 32]));
        let refused = |reason: &'static str| {
            core.refusals
                .note(&origin.address, Presented::Key(Some(tag.clone())), reason);
            Err(core.failed(&origin.address, Some(&tag)))
        };
        let Some(row) = rows.first() else {
            return refused("unknown");
        };
        let state = row.facts().state(now);
        if !matches {
            return refused(if state == State::Deleted {
                "deleted"
            } else {
                "wrong"
            });
        }
        if !state.authenticates() {
            return refused(state.as_str());
        }
        let held = roles::sum(rows.iter().filter_map(CheckRow::held), row.self_service);
        let verified = Verified {
            owner: row.owner()?,
            roles: held.names,
            rights: held.rights,
            security_administrator: held.security_administrator,
            created_at: row.created_at.0,
            expires_at: row.ends_at(),
            tag,
        };
        core.usage.note(&verified.tag, now, &origin.address);
        Ok(verified)
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use chrono::TimeDelta;
    use domain::{expiry::Validity, key::RANDOM_BYTES};

    use crate::{
        keys::NewKey,
        secret::work::{self, Done},
        testing::{Harness, origin},
    };

    /// K7: an unknown, a wrong, an expired, a deleted and a right key take the same work.
    #[tokio::test]
    async fn every_verification_digests_and_compares_alike() {
        let harness = Harness::sqlite().await;
        let bob = harness.user("bob", &[]).await;
        let wanted = NewKey {
            validity: Validity::days(1).ok(),
            ..NewKey::default()
        };
        let keys = &harness.services.keys;
        let created = keys.create(&bob, wanted).await.unwrap().done();
        let right = created.value.reveal();
        let mut random = [7; RANDOM_BYTES];
        let unknown = domain::key::write(&domain::key::assemble(&random));
        let bytes = domain::key::parse(right.as_bytes()).unwrap();
        random[..5].copy_from_slice(&bytes[3..8]);
        let wrong = domain::key::write(&domain::key::assemble(&random));
        let work_of = async |text: &str, valid: bool| {
            work::take();
            let verifier = &harness.services.verifier;
            let answer = verifier.verify(text.as_bytes(), &origin()).await;
            assert_eq!(answer.is_ok(), valid);
            work::take()
        };
        let once = Done {
            digests: 1,
            compared_bytes: 32,
        };
        assert_eq!(work_of(&right, true).await, once);
        assert_eq!(work_of(&unknown, false).await, once);
        assert_eq!(work_of(&wrong, false).await, once);
        harness.clock.advance(TimeDelta::days(1));
        assert_eq!(work_of(&right, false).await, once);
        harness.clock.set(Harness::start_of_time());
        keys.delete(&bob, &created.key.tag, None)
            .await
            .unwrap()
            .done();
        assert_eq!(work_of(&right, false).await, once);
    }
}
