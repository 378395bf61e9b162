//! What needs the approval of a second person, and who is exempt.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    error::{FieldError, Problem},
    principal::{Identity, UserId},
    text::{check_prose, disguises},
};

/// The shortest and longest time that a ticket waits, in hours.
pub const EXPIRY_HOURS: std::ops::RangeInclusive<u32> = 24..=168;
/// The shortest and longest time that a finished ticket is kept, in days.
pub const PURGE_DAYS: std::ops::RangeInclusive<u32> = 3..=30;
/// The fewest people who must be able to decide.
pub const MIN_DECIDERS: usize = 2;
/// The longest reason of an exemption, in characters.
pub const MAX_REASON_CHARS: u32 = 256;
/// The most exemptions, and the most addresses.
pub const MAX_ENTRIES: usize = 100;
/// The longest address of mail, in characters (RFC 5321, section 4.5.3.1.3).
const MAX_MAIL_CHARS: u32 = 254;

/// What can be done to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyAction {
    /// Make one.
    Create,
    /// Change its validity or description.
    Update,
    /// Delete it.
    Delete,
    /// Replace it.
    Reissue,
    /// Let it work no more. Goes with [`KeyAction::Delete`] wherever that is switched.
    Revoke,
}

impl KeyAction {
    /// Those that are switched on and off.
    pub const SWITCHED: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Reissue];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "API_KEY_CREATE",
            Self::Update => "API_KEY_UPDATE",
            Self::Delete => "API_KEY_DELETE",
            Self::Reissue => "API_KEY_REISSUE",
            Self::Revoke => "API_KEY_REVOKE",
        }
    }

    /// The one of [`KeyAction::SWITCHED`] with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::SWITCHED.into_iter().find(|one| one.as_str() == name)
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Create => "Create API key",
            Self::Update => "Edit API key",
            Self::Delete => "Delete API key",
            Self::Reissue => "Reissue API key",
            Self::Revoke => "Revoke API key",
        }
    }

    /// Whether it makes a new value, which only the requester may see.
    pub const fn reveals(self) -> bool {
        matches!(self, Self::Create | Self::Reissue)
    }

    /// What it is switched with.
    const fn switch(self) -> Self {
        match self {
            Self::Revoke => Self::Delete,
            other => other,
        }
    }
}

/// Approval settings. Off by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What needs approval. With the first of them changes of these settings do too.
    pub actions: BTreeSet<KeyAction>,
    /// How long a ticket waits, in hours.
    pub expiry_hours: u32,
    /// How long a finished ticket is kept, in days of 24 hours.
    pub purge_days: u32,
    /// Whether an update or a deletion is carried out by its approval.
    pub run_on_approval: bool,
    /// Whether tickets are told by mail.
    pub mail: bool,
    /// Whom else they are told to.
    pub mail_to: Vec<String>,
    /// Who needs no approval for what.
    pub exemptions: Vec<Exemption>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            actions: BTreeSet::new(),
            expiry_hours: 72,
            purge_days: 30,
            run_on_approval: false,
            mail: false,
            mail_to: Vec::new(),
            exemptions: Vec::new(),
        }
    }
}

/// Somebody who needs no approval for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// Who. Users only, never groups.
    pub user: Identity,
    /// For what.
    pub action: KeyAction,
    /// Why.
    pub reason: String,
    /// Until when. `None`: until it is taken away.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub until: Option<Instant>,
}

impl Settings {
    /// Whether anything needs approval: then so do changes of these settings, by whomever.
    pub fn is_on(&self) -> bool {
        !self.actions.is_empty()
    }

    /// Whether somebody needs approval for something at `now`. `None`: somebody who has no account,
    /// and so cannot be exempt.
    pub fn asks_approval(&self, action: KeyAction, user: Option<UserId>, now: Instant) -> bool {
        let switch = action.switch();
        let exempt = self.exemptions.iter().any(|exemption| {
            Some(exemption.user.id) == user
                && exemption.action.switch() == switch
                && exemption.until.is_none_or(|until| now < until)
        });
        self.actions.contains(&switch) && !exempt
    }

    /// Whether the requester has to execute a ticket after its approval.
    pub const fn is_executed_by_hand(&self, action: KeyAction) -> bool {
        action.reveals() || !self.run_on_approval
    }

    /// Checks the ranges and texts, and returns the settings as they are kept.
    ///
    /// # Errors
    /// Every field that is wrong: `expirationPeriodInHours`, `purgePeriodInDays`, `emailTo`,
    /// `exemptedUsers`.
    pub fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        for (field, value, range) in [
            ("expirationPeriodInHours", self.expiry_hours, EXPIRY_HOURS),
            ("purgePeriodInDays", self.purge_days, PURGE_DAYS),
        ] {
            if !range.contains(&value) {
                let (min, max) = (*range.start(), *range.end());
                wrong.push(FieldError::new(field, Problem::OutOfRange { min, max }));
            }
        }
        let too_many = || Problem::malformed("a list of at most 100");
        if self.mail_to.len() > MAX_ENTRIES {
            wrong.push(FieldError::new("emailTo", too_many()));
        } else if !self.mail_to.iter().all(|address| is_mail(address)) {
            let problem = Problem::malformed("addresses such as name@example.org");
            wrong.push(FieldError::new("emailTo", problem));
        }
        if self.exemptions.len() > MAX_ENTRIES {
            wrong.push(FieldError::new("exemptedUsers", too_many()));
        }
        let mut seen = BTreeSet::new();
        for exemption in &mut self.exemptions {
            match check_reason(&exemption.reason) {
                Ok(reason) => exemption.reason = reason,
                Err(error) => wrong.push(error),
            }
            if !seen.insert((exemption.user.id, exemption.action)) {
                let problem = Problem::malformed("there once for each user and action");
                wrong.push(FieldError::new("exemptedUsers", problem));
            }
        }
        self.exemptions
            .sort_by_key(|exemption| (exemption.user.id, exemption.action));
        if wrong.is_empty() {
            Ok(self)
        } else {
            Err(wrong)
        }
    }
}

/// Checks why somebody is exempt.
///
/// # Errors
/// `exemptedUsers`: there is no reason, or it is too long or holds what is not allowed.
pub fn check_reason(text: &str) -> Result<String, FieldError> {
    let reason = check_prose("exemptedUsers", text, MAX_REASON_CHARS)?;
    if reason.is_empty() {
        let problem = Problem::malformed("with a reason each");
        return Err(FieldError::new("exemptedUsers", problem));
    }
    Ok(reason)
}

/// The addresses of mail in a list with commas in between.
pub fn mail_addresses(list: &str) -> Vec<String> {
    let addresses = list.split(',').map(str::trim);
    let addresses = addresses.filter(|address| !address.is_empty());
    addresses.map(str::to_owned).collect()
}

/// Whether a text can be an address of mail, and nothing that a header of mail could end with
/// (W10).
pub fn is_mail(text: &str) -> bool {
    let forbidden = |c: char| disguises(c) || c.is_whitespace() || "<>(),;:\\\"[]".contains(c);
    let in_parts = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    in_parts && text.chars().count() <= MAX_MAIL_CHARS as usize && !text.chars().any(forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{DomainType, Principal};

    const EVERY: [KeyAction; 5] = [
        KeyAction::Create,
        KeyAction::Update,
        KeyAction::Delete,
        KeyAction::Reissue,
        KeyAction::Revoke,
    ];

    fn exempt(id: i64, action: KeyAction, until: Option<&str>) -> Exemption {
        Exemption {
            user: Identity {
                id: UserId(id),
                principal: Principal::new(DomainType::Unixpwd, "", "bob").unwrap(),
            },
            action,
            reason: "runs the nightly rotation".to_owned(),
            until: until.map(|text| text.parse().unwrap()),
        }
    }

    fn now() -> Instant {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn nothing_needs_approval_by_default() {
        let off = Settings::default();
        assert!(!off.is_on());
        assert_eq!((off.expiry_hours, off.purge_days), (72, 30));
        for action in EVERY {
            assert!(!off.asks_approval(action, Some(UserId(1000)), now()));
            assert!(!off.asks_approval(action, None, now()));
        }
        assert_eq!(off.clone().checked(), Ok(off));
    }

    #[test]
    fn each_action_is_switched_for_itself_and_revoking_with_deleting() {
        for on in KeyAction::SWITCHED {
            let settings = Settings {
                actions: BTreeSet::from([on]),
                ..Settings::default()
            };
            assert!(settings.is_on());
            for action in EVERY {
                let expected =
                    action == on || (on == KeyAction::Delete && action == KeyAction::Revoke);
                for who in [Some(UserId(1000)), None] {
                    assert_eq!(settings.asks_approval(action, who, now()), expected);
                }
            }
        }
    }

    /// M13: to the microsecond.
    #[test]
    fn an_exemption_is_one_user_s_for_one_action_and_until_its_end() {
        let settings = Settings {
            actions: KeyAction::SWITCHED.into(),
            exemptions: vec![
                exempt(1000, KeyAction::Create, None),
                exempt(1000, KeyAction::Delete, Some("2026-11-22T08:00:00.000001Z")),
                exempt(1001, KeyAction::Update, Some("2026-11-22T08:00:00Z")),
            ],
            ..Settings::default()
        };
        let asks = |action, user| settings.asks_approval(action, Some(UserId(user)), now());
        let free: Vec<_> = [1000, 1001, 1002]
            .into_iter()
            .flat_map(|user| EVERY.map(|action| (action, user)))
            .filter(|(action, user)| !asks(*action, *user))
            .collect();
        assert_eq!(
            free,
            [
                (KeyAction::Create, 1000),
                (KeyAction::Delete, 1000),
                (KeyAction::Revoke, 1000)
            ]
        );
        assert!(settings.asks_approval(KeyAction::Create, None, now()));
    }

    #[test]
    fn what_shows_a_value_is_executed_by_hand_always() {
        for run_on_approval in [false, true] {
            let settings = Settings {
                run_on_approval,
                ..Settings::default()
            };
            for action in EVERY {
                let reveals = matches!(action, KeyAction::Create | KeyAction::Reissue);
                assert_eq!(action.reveals(), reveals);
                let expected = reveals || !run_on_approval;
                assert_eq!(settings.is_executed_by_hand(action), expected);
            }
        }
    }

    #[test]
    fn periods_have_their_ranges() {
        for (hours, days, wrong) in [
            (24, 3, &[][..]),
            (168, 30, &[]),
            (23, 3, &["expirationPeriodInHours"]),
            (169, 31, &["expirationPeriodInHours", "purgePeriodInDays"]),
            (72, 2, &["purgePeriodInDays"]),
        ] {
            let settings = Settings {
                expiry_hours: hours,
                purge_days: days,
                ..Settings::default()
            };
            let told = settings.checked().err().unwrap_or_default();
            let fields: Vec<_> = told.iter().map(|error| &*error.field).collect();
            assert_eq!(fields, wrong, "{hours} {days}");
        }
        let problem = Problem::OutOfRange { min: 24, max: 168 };
        let settings = Settings {
            expiry_hours: 0,
            ..Settings::default()
        };
        let expected = vec![FieldError::new("expirationPeriodInHours", problem)];
        assert_eq!(settings.checked(), Err(expected));
    }

    #[test]
    fn an_exemption_has_a_reason_and_is_there_once() {
        let with = |exemptions| {
            Settings {
                exemptions,
                ..Settings::default()
            }
            .checked()
        };
        let mut bare = exempt(1000, KeyAction::Create, None);
        bare.reason = " ".to_owned();
        assert!(with(vec![bare]).is_err());
        let twice = vec![exempt(1000, KeyAction::Create, None); 2];
        assert!(with(twice).is_err());
        let mut long = exempt(1000, KeyAction::Create, None);
        long.reason = "a".repeat(257);
        assert!(with(vec![long]).is_err());
        let many = (0..101).map(|id| exempt(id, KeyAction::Create, None));
        assert!(with(many.collect()).is_err());
        let kept = with(vec![
            exempt(1001, KeyAction::Create, None),
            exempt(1000, KeyAction::Reissue, None),
        ]);
        let order: Vec<_> = kept
            .unwrap()
            .exemptions
            .iter()
            .map(|e| e.user.id.0)
            .collect();
        assert_eq!(order, [1000, 1001]);
    }

    /// W10.
    #[test]
    fn an_address_of_mail_cannot_end_a_header() {
        let with = |address: &str| {
            Settings {
                mail_to: vec![address.to_owned()],
                ..Settings::default()
            }
            .checked()
        };
        for address in ["a@b", "first.last+tag@example.org", "é@example.org"] {
            assert!(with(address).is_ok(), "{address}");
        }
        for address in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a@b\r\nBcc: eve@x",
            "a@b\nX: y",
            "a@b\0",
            "a@b, c@d",
            "A <a@b>",
            "a b@c",
            "a@b\u{202e}",
            &format!("{}@b", "a".repeat(253)),
        ] {
            let errors = with(address).unwrap_err();
            assert_eq!(errors[0].field, "emailTo", "{address:?}");
        }
        assert!(with(&format!("{}@b", "a".repeat(252))).is_ok());
    }

    #[test]
    fn actions_read_back_by_their_names() {
        for action in KeyAction::SWITCHED {
            assert_eq!(KeyAction::from_name(action.as_str()), Some(action));
        }
        assert_eq!(KeyAction::from_name("API_KEY_REVOKE"), None);
    }
}
