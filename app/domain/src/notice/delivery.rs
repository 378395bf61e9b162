//! How far a delivery is, what can be in its way, and when it is tried again.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How often something is tried before it counts as failed: some 15 hours.
pub const MAX_ATTEMPTS: u32 = 12;
/// The time before the second attempt; each further one takes twice as long, up to a bound.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Waiting,
    /// It was taken.
    Sent,
    /// It is tried no more, unless somebody asks for it.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
        }
    }

    /// The one with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// What was in the way of a delivery. Says nothing that the other side wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The name leads nowhere.
    NoAddress,
    /// It leads to an address that the settings do not allow (W9).
    ForbiddenAddress,
    /// Nothing listens there, or the connection broke.
    NoConnection,
    /// TLS was not possible, or the certificate is not trusted.
    Tls,
    /// It took too long.
    TooSlow,
    /// The answer was longer than is read.
    TooLong,
    /// The other side answered with this status.
    Answered(u16),
    /// There is no mail server among the settings.
    NoMailServer,
    /// The webhook was switched off.
    SwitchedOff,
    /// The message cannot be written, or its secret cannot be opened.
    Unwritable,
}

impl Trouble {
    /// Whether trying again is of no use.
    pub const fn lasts(self) -> bool {
        match self {
            // A mail server's final refusals (RFC 5321, section 4.2.1), and a receiver that says that
            // it is gone. Whatever else a receiver answers may be put right there.
            Self::Answered(status) => matches!(status, 410 | 550..=559),
            Self::SwitchedOff | Self::Unwritable => true,
            _ => false,
        }
    }

    /// As it is kept: a name, or the status.
    pub fn to_text(self) -> String {
        match self {
            Self::NoAddress => "NO_ADDRESS".to_owned(),
            Self::ForbiddenAddress => "FORBIDDEN_ADDRESS".to_owned(),
            Self::NoConnection => "NO_CONNECTION".to_owned(),
            Self::Tls => "TLS".to_owned(),
            Self::TooSlow => "TOO_SLOW".to_owned(),
            Self::TooLong => "TOO_LONG".to_owned(),
            Self::Answered(status) => status.to_string(),
            Self::NoMailServer => "NO_MAIL_SERVER".to_owned(),
            Self::SwitchedOff => "SWITCHED_OFF".to_owned(),
            Self::Unwritable => "UNWRITABLE".to_owned(),
        }
    }

    /// The one that is kept like this.
    pub fn from_text(text: &str) -> Option<Self> {
        let named = [
            Self::NoAddress,
            Self::ForbiddenAddress,
            Self::NoConnection,
            Self::Tls,
            Self::TooSlow,
            Self::TooLong,
            Self::NoMailServer,
            Self::SwitchedOff,
            Self::Unwritable,
        ];
        let named = named.into_iter().find(|one| one.to_text() == text);
        named.or_else(|| text.parse().ok().map(Self::Answered))
    }

    /// For people.
    pub fn sentence(self) -> String {
        match self {
            Self::NoAddress => "The name of the server leads nowhere.".to_owned(),
            Self::ForbiddenAddress => {
                "It leads to a private address, which the settings do not allow.".to_owned()
            }
            Self::NoConnection => "No connection was possible, or it broke.".to_owned(),
            Self::Tls => "TLS was not possible, or the certificate is not trusted.".to_owned(),
            Self::TooSlow => "It took too long.".to_owned(),
            Self::TooLong => "The answer was too long.".to_owned(),
            Self::Answered(status) => format!("The answer was {status}."),
            Self::NoMailServer => "No mail server is configured.".to_owned(),
            Self::SwitchedOff => "The webhook was switched off.".to_owned(),
            Self::Unwritable => "The message could not be written.".to_owned(),
        }
    }
}

/// How long to wait after so many attempts failed. `jitter` spreads those that failed together: the
/// pause is between three quarters and the whole of what it would be. `None`: it is tried no more.
pub fn next_attempt(attempts: u32, trouble: Trouble, jitter: u8) -> Option<TimeDelta> {
    if trouble.lasts() || attempts >= MAX_ATTEMPTS {
        return None;
    }
    let doublings = attempts.saturating_sub(1).min(16);
    let pause = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
    Some(pause - pause * i32::from(jitter) / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_end() {
        let pauses: Vec<_> = (1..MAX_ATTEMPTS)
            .map(|attempts| next_attempt(attempts, Trouble::NoConnection, 0).unwrap())
            .map(|pause| pause.num_seconds())
            .collect();
        let expected = [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600];
        assert_eq!(pauses, expected);
        assert_eq!(next_attempt(MAX_ATTEMPTS, Trouble::NoConnection, 0), None);
        assert_eq!(next_attempt(u32::MAX, Trouble::NoConnection, 0), None);
    }

    #[test]
    fn jitter_takes_a_quarter_away_at_most() {
        for attempts in 1..MAX_ATTEMPTS {
            let pause = |jitter| next_attempt(attempts, Trouble::TooSlow, jitter).unwrap();
            assert!(pause(1) < pause(0));
            assert!(pause(255) < pause(1));
            assert!(pause(255) * 4 > pause(0) * 3);
        }
    }

    #[test]
    fn what_lasts_is_not_tried_again() {
        for lasting in [
            Trouble::SwitchedOff,
            Trouble::Unwritable,
            Trouble::Answered(410),
            Trouble::Answered(550),
        ] {
            assert_eq!(next_attempt(1, lasting, 0), None, "{lasting:?}");
        }
        for passing in [
            Trouble::NoAddress,
            Trouble::ForbiddenAddress,
            Trouble::NoConnection,
            Trouble::Tls,
            Trouble::TooSlow,
            Trouble::TooLong,
            Trouble::NoMailServer,
            Trouble::Answered(302),
            Trouble::Answered(404),
            Trouble::Answered(451),
            Trouble::Answered(500),
        ] {
            assert!(next_attempt(1, passing, 0).is_some(), "{passing:?}");
        }
    }

    #[test]
    fn what_is_kept_reads_back() {
        for trouble in [
            Trouble::NoAddress,
            Trouble::ForbiddenAddress,
            Trouble::NoConnection,
            Trouble::Tls,
            Trouble::TooSlow,
            Trouble::TooLong,
            Trouble::Answered(503),
            Trouble::NoMailServer,
            Trouble::SwitchedOff,
            Trouble::Unwritable,
        ] {
            assert_eq!(Trouble::from_text(&trouble.to_text()), Some(trouble));
            assert!(trouble.sentence().ends_with('.'));
        }
        assert_eq!(Trouble::from_text("what"), None);
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::from_name(state.as_str()), Some(state));
        }
        assert_eq!(DeliveryState::from_name("sent"), None);
    }
}
