//! What somebody wants by mail. In the application everything is shown: nobody can silence what
//! others do to their key.

use serde::{Deserialize, Serialize};

use super::{Group, Kind};
use crate::{
    approval::is_mail,
    error::{FieldError, Problem},
};

/// What somebody wants by mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Where to. Empty: to the address that the identity provider gave, if it gave one.
    pub address: String,
    /// What somebody else did to one's key.
    pub keys: bool,
    /// The end of one's key, and the use of the old one.
    pub ends: bool,
    /// Tickets.
    pub tickets: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            address: String::new(),
            keys: true,
            ends: true,
            tickets: true,
        }
    }
}

impl Choice {
    /// Whether a notice goes out by mail, if there is an address.
    pub fn wants(&self, kind: Kind) -> bool {
        kind.group().is_none_or(|group| match group {
            Group::Keys => self.keys,
            Group::Ends => self.ends,
            Group::Tickets => self.tickets,
        })
    }

    /// Checks the address, and returns the choice as it is kept.
    ///
    /// # Errors
    /// `address` is no address of mail (W10).
    pub fn checked(self) -> Result<Self, FieldError> {
        let address = self.address.trim().to_owned();
        if !address.is_empty() && !is_mail(&address) {
            let problem = Problem::malformed("an address such as name@example.org");
            return Err(FieldError::new("address", problem));
        }
        Ok(Self { address, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_is_chosen_for_itself_and_a_test_always_goes_out() {
        let none = Choice {
            keys: false,
            ends: false,
            tickets: false,
            ..Choice::default()
        };
        for kind in Kind::ALL {
            assert!(Choice::default().wants(kind));
            assert!(!none.wants(kind));
            for (choice, group) in [
                (
                    Choice {
                        keys: true,
                        ..none.clone()
                    },
                    Group::Keys,
                ),
                (
                    Choice {
                        ends: true,
                        ..none.clone()
                    },
                    Group::Ends,
                ),
                (
                    Choice {
                        tickets: true,
                        ..none.clone()
                    },
                    Group::Tickets,
                ),
            ] {
                assert_eq!(choice.wants(kind), kind.group() == Some(group), "{kind:?}");
            }
        }
        assert!(none.wants(Kind::Test));
    }

    /// W10.
    #[test]
    fn an_address_is_one_and_ends_no_header() {
        let choice = |address: &str| Choice {
            address: address.to_owned(),
            ..Choice::default()
        };
        for good in ["", "bob@example.org", " bob+keys@example.org "] {
            assert_eq!(choice(good).checked(), Ok(choice(good.trim())), "{good}");
        }
        for bad in [
            "bob",
            "bob@",
            "@example.org",
            "bob@example.org\r\nBcc: eve@example.org",
            "bob@example.org, eve@example.org",
            "Bob <bob@example.org>",
        ] {
            assert_eq!(choice(bad).checked().unwrap_err().field, "address", "{bad}");
        }
    }
}
