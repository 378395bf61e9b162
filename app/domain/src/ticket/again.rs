//! Showing once more who one is, before one decides in a browser (ADR 28).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::Instant;

/// How old a sign-in may be that takes the place of a password, in minutes.
pub const FRESH_MINUTES: i64 = 10;

/// How somebody shows once more who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Again {
    /// By their password.
    Password,
    /// By their password, or by a code of their second factor.
    PasswordOrCode,
    /// By having signed in just now, and they have: there is no password here.
    SignedIn,
    /// By signing in again, since the last time is too long ago.
    SignIn,
}

impl Again {
    /// Of somebody who has no password here.
    pub fn by_sign_in(signed_in_at: Instant, now: Instant) -> Self {
        let age = now.signed_duration_since(signed_in_at);
        // A sign-in in the future is a clock that was wrong.
        if (TimeDelta::zero()..TimeDelta::minutes(FRESH_MINUTES)).contains(&age) {
            Self::SignedIn
        } else {
            Self::SignIn
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M1: to the microsecond, and whatever a clock did.
    #[test]
    fn a_sign_in_stands_for_a_password_for_ten_minutes() {
        let at: Instant = "2026-11-25T08:00:00Z".parse().unwrap();
        let micro = TimeDelta::microseconds(1);
        for (now, expected) in [
            (at - micro, Again::SignIn),
            (at, Again::SignedIn),
            (at + TimeDelta::minutes(10) - micro, Again::SignedIn),
            (at + TimeDelta::minutes(10), Again::SignIn),
        ] {
            assert_eq!(Again::by_sign_in(at, now), expected, "{now}");
        }
    }
}
