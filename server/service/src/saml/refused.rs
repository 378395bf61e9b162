//! Records of messages that were refused: the cause for administrators, and what helps to find it.

use domain::{
    audit::{Action, Event},
    saml::{Assertion, Cause, Person},
};
use serde_json::{Map, Value, json};

use super::{Known, Saml};
use crate::{
    Origin, audit::Who, fault::Fault, refusals::Presented, sessions::duration,
    store::sign_in_failures,
};

/// How many refused messages of one address are recorded each before they are recorded in sums.
const RECORDED_EACH: u32 = 30;

/// What is known of whoever sent a message.
#[derive(Debug, Default)]
pub(super) struct Sender {
    /// The provider's name. Empty: none that we know.
    provider: String,
    /// Whom a validated assertion names, or what an unverified message says of itself.
    said: Option<Value>,
}

impl Sender {
    /// A provider that we know.
    pub(super) fn is(&mut self, known: &Known) {
        self.provider.clone_from(&known.settings.name);
    }

    /// What the message says of itself, unverified, as far as it may be kept.
    pub(super) fn says(&mut self, said: &[(String, String)]) {
        let kept: Map<_, _> = said
            .iter()
            .filter(|(name, _)| SAFE_EXCERPTS.contains(&&**name))
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        self.said = (!kept.is_empty()).then(|| json!({ "unverified": kept }));
    }

    /// Whom a validated assertion names.
    pub(super) fn vouches_for(&mut self, assertion: &Assertion, person: &Person) {
        self.said = Some(json!({
            "userName": person.principal.name,
            "nameId": assertion.name_id,
        }));
    }
}

impl Saml {
    /// Records why a message was refused, for administrators; beyond [`RECORDED_EACH`] of one
    /// address within the time of a lockout only how many, so that nobody fills the trail.
    pub(super) async fn refuse(
        &self,
        action: Action,
        sender: &Sender,
        cause: &Cause,
        origin: &Origin,
    ) -> Result<(), Fault> {
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let until = now + duration(core.limits.lockout_time);
        let (count, _) = sign_in_failures::count(
            &mut tx.conn(),
            "saml",
            &origin.address,
            RECORDED_EACH,
            now,
            until,
        )
        .await?;
        if count > i64::from(RECORDED_EACH) {
            tx.commit_unrecorded().await?;
            let reason = "further SAML messages that were refused";
            core.refusals
                .note(&origin.address, Presented::SamlMessage, reason);
            return Ok(());
        }
        let object = match &*sender.provider {
            "" => "an unknown identity provider".to_owned(),
            name => format!("identity provider {name}"),
        };
        let event = Event::refused(action, object, cause.sentence());
        let event = match &sender.said {
            Some(said) => event.after(said.clone()),
            None => event,
        };
        core.commit(tx, Who::anonymous(origin), &event).await
    }
}

/// What of a refused message is kept while nobody vouches for it: nothing that names a person or a
/// group.
const SAFE_EXCERPTS: [&str; 14] = [
    "Message",
    "ID",
    "InResponseTo",
    "IssueInstant",
    "Destination",
    "Issuer",
    "Status",
    "Signed by",
    "NameID format",
    "Confirmation Recipient",
    "Confirmation NotOnOrAfter",
    "Conditions NotBefore",
    "Conditions NotOnOrAfter",
    "Audience",
];
