//! Errors in the words of the pages.

use domain::{
    directory::{Count, Slice},
    error::{Conflict, Error, FieldError, Problem, Refusal},
};

use crate::{format, rpc::Fault};

/// What went wrong, for a page or a form as a whole. Wrong fields say it themselves.
pub fn sentence(fault: &Fault) -> String {
    let fixed = match &fault.error {
        Error::Invalid(_) => "Nothing was changed. Correct what is marked below.",
        Error::NotFound => "There is nothing here, or nothing that you may see.",
        Error::Unauthenticated => "Your session has ended. Sign in again to go on.",
        Error::NotPermitted => "You do not have the permission for this.",
        Error::Refused(Refusal::NotWithAKey) => {
            "This cannot be done with an API key. Sign in with your password."
        }
        Error::Refused(Refusal::PasswordChangeNeeded) => "Choose your own password first.",
        Error::Refused(Refusal::CrossSite) => {
            "The request did not come from this page. Reload it and try again."
        }
        Error::Refused(refusal) => return refusal.to_string(),
        Error::Conflict(Conflict::HasKey) => {
            "You have an API key already. Delete it before you add another."
        }
        Error::Conflict(Conflict::Expired) => "The API key has expired.",
        Error::Conflict(Conflict::RevealGone) => {
            "The key was shown already, or waited longer than a minute. It cannot be shown again."
        }
        Error::Conflict(Conflict::TicketIs(_)) => {
            "The ticket has gone on meanwhile, so this cannot be done. Look at how it stands now."
        }
        Error::Conflict(conflict) => return conflict.to_string(),
        Error::TooMany {
            retry_after_seconds,
        } => return too_many(*retry_after_seconds),
        Error::Unavailable => {
            "The server does not answer at the moment. Look whether your change was made before you try again."
        }
        Error::Internal => "Something went wrong on our side. Nothing was changed.",
    };
    fixed.to_owned()
}

/// What is wrong with the address of a page that only shows something. It comes from the server,
/// never out of an address, so what it says of the allowed form may be shown.
pub fn astray(fields: &[FieldError]) -> String {
    let mut text = "This address asks for something that does not exist.".to_owned();
    for FieldError { field, problem } in fields {
        text.push_str(" In it, \u{201c}");
        text.push_str(field);
        text.push_str(match problem {
            Problem::Malformed { .. } => "\u{201d} must be ",
            _ => "\u{201d} is wrong: ",
        });
        match problem {
            Problem::Malformed { expected } => {
                text.push_str(expected);
                text.push('.');
            }
            other => text.push_str(&self::problem(other, "something else")),
        }
    }
    text
}

fn too_many(seconds: u32) -> String {
    let minutes = format::count(seconds.div_ceil(60).max(1).into(), "minute", "minutes");
    format!("Too many failed attempts. Wait {minutes}, then try again.")
}

/// Which keys, as a heading.
pub const fn slice(slice: Slice) -> &'static str {
    match slice {
        Slice::All => "All",
        Slice::Active => "Active",
        Slice::ExpiringIn7Days => "Expiring in 7 days",
        Slice::ExpiringIn30Days => "Expiring in 30 days",
        Slice::Expired => "Expired",
        Slice::Inactive => "Inactive",
        Slice::Retiring => "Retiring",
        Slice::NeverUsed => "Never used",
        Slice::UnusedFor45Days => "Unused for 45 days",
        Slice::OwnerDisabled => "Owner disabled",
        Slice::Deleted => "Deleted",
    }
}

/// `12 keys`, `More than 10,000 keys`.
pub fn how_many(count: Count, one: &str, many: &str) -> String {
    counted(count, ["More than", "An unknown number of"], one, many)
}

/// The same within a sentence: `more than 10,000 keys`.
pub fn so_many(count: Count, one: &str, many: &str) -> String {
    counted(count, ["more than", "an unknown number of"], one, many)
}

fn counted(count: Count, [more, unknown]: [&str; 2], one: &str, many: &str) -> String {
    match count {
        Count::Exactly(1) => format!("1 {one}"),
        Count::Exactly(number) => format!("{} {many}", format::thousands(number)),
        // Counting stopped before it found one.
        Count::MoreThan(0) => format!("{unknown} {many}"),
        Count::MoreThan(number) => format!("{more} {} {many}", format::thousands(number)),
    }
}

/// What is wrong with a field, and what is allowed. `expected` completes "Enter …" for a value of
/// the wrong form: what the error itself carries is not shown, since an address can bring it.
pub fn problem(problem: &Problem, expected: &str) -> String {
    let fixed = match problem {
        Problem::Required | Problem::Malformed { .. } => return format!("Enter {expected}."),
        Problem::TooLong { max } => {
            let max = format::count((*max).into(), "character", "characters");
            return format!("This is too long: at most {max} are allowed.");
        }
        Problem::TooShort { min } => {
            let min = format::count((*min).into(), "character", "characters");
            return format!("This is too short: at least {min} are needed.");
        }
        Problem::TooLate { latest } => {
            let latest = format::utc(*latest);
            return format!("This is later than the policy allows. The latest end is {latest}.");
        }
        Problem::OutOfRange { min, max } => {
            return format!("A whole number from {min} to {max} is allowed.");
        }
        Problem::TooEarly => "The key must last at least one day. Choose a later date.",
        Problem::NotAccepted => "This cannot be chosen here.",
        Problem::CommonPassword => {
            "This password is among those that attackers try first. Choose another."
        }
        Problem::WrongPassword => "This is not your current password.",
        Problem::SamePassword => "This is your current password. Choose another.",
        Problem::Differs => "The two entries differ.",
        Problem::Unknown => "There is none of that name.",
        Problem::Ambiguous => {
            "Several have that name. Choose one from the list, or name the domain."
        }
        Problem::Taken => "There is one of that name already.",
    };
    fixed.to_owned()
}

/// What `error` says about `field`, in the words of [`problem`].
pub fn about(fault: Option<&Fault>, field: &str, expected: &str) -> Option<String> {
    let found = fault?.error.about(field)?;
    Some(problem(found, expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W2: whatever an address brings, the page says its own words.
    #[test]
    fn a_text_within_an_error_is_never_shown() {
        let spoof = Fault::new(Error::field(
            "description",
            Problem::Malformed {
                expected: "a call to 0900 555".into(),
            },
        ));
        let shown = about(Some(&spoof), "description", "plain text").unwrap();
        assert_eq!(shown, "Enter plain text.");
        assert!(!sentence(&spoof).contains("0900"));
    }

    #[test]
    fn a_number_that_is_not_known_is_none() {
        for (count, text) in [
            (Count::Exactly(0), "0 keys"),
            (Count::Exactly(1), "1 key"),
            (Count::MoreThan(0), "An unknown number of keys"),
            (Count::MoreThan(10_000), "More than 10,000 keys"),
        ] {
            assert_eq!(how_many(count, "key", "keys"), text);
        }
        let none = so_many(Count::MoreThan(0), "key", "keys");
        assert_eq!(none, "an unknown number of keys");
    }

    #[test]
    fn a_page_that_only_shows_something_says_what_is_wrong_with_its_address() {
        let fields = [
            FieldError::new("show", Problem::malformed("one of all, expired")),
            FieldError::new("q", Problem::TooLong { max: 100 }),
        ];
        assert_eq!(
            astray(&fields),
            "This address asks for something that does not exist. In it, \u{201c}show\u{201d} must be \
             one of all, expired. In it, \u{201c}q\u{201d} is wrong: This is too long: at most 100 \
             characters are allowed."
        );
        assert_eq!(
            astray(&[]),
            "This address asks for something that does not exist."
        );
    }

    #[test]
    fn a_lockout_says_how_long_it_lasts() {
        let fault = Fault::new(Error::TooMany {
            retry_after_seconds: 61,
        });
        assert_eq!(
            sentence(&fault),
            "Too many failed attempts. Wait 2 minutes, then try again."
        );
    }
}
