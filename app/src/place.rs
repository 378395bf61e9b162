//! The two places where keys are looked after: one's own profile, and the dashboard of everybody's.

use domain::key::Tag;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::ui::{address, escape};

/// Where a page about a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `/profile/key`
    Own,
    /// `/security/api-keys`
    Everybody,
}

/// The list of everybody's keys.
pub const EVERYBODY: &str = "/security/api-keys";
/// The lists of tickets.
pub const TICKETS: &str = "/tickets";
/// One's own key.
pub const OWN: &str = "/profile/key";

impl Place {
    /// The place of the page that is being shown.
    pub fn here() -> Self {
        Self::of(&use_location().pathname.get_untracked())
    }

    /// The place of the page at that path.
    pub fn of(path: &str) -> Self {
        if path.starts_with(EVERYBODY) {
            Self::Everybody
        } else {
            Self::Own
        }
    }

    /// What a form says in its entry `place`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Everybody => "everybody",
        }
    }

    /// The place that a form says; one's own unless it says otherwise.
    pub fn from_name(name: &str) -> Self {
        if name == Self::Everybody.as_str() {
            Self::Everybody
        } else {
            Self::Own
        }
    }

    /// The page of a key.
    pub fn key(self, tag: &str) -> String {
        match self {
            Self::Own => OWN.to_owned(),
            Self::Everybody => {
                let mut path = format!("{EVERYBODY}/");
                escape(&mut path, tag);
                path
            }
        }
    }

    /// A page below that of a key: `edit`, `reissue`, `delete`.
    pub fn form(self, tag: &Tag, form: &str) -> String {
        format!("{}/{form}", self.key(tag.as_str()))
    }

    /// What is left when the key is gone.
    pub const fn without_key(self) -> &'static str {
        match self {
            Self::Own => OWN,
            Self::Everybody => EVERYBODY,
        }
    }

    /// The same, with the notice that it is gone, and of which key among everybody's.
    pub fn gone(self, tag: &str) -> String {
        let tag = match self {
            Self::Own => "",
            Self::Everybody => tag,
        };
        address(self.without_key(), &[("notice", "deleted"), ("tag", tag)])
    }

    /// The page that shows a new key's value.
    pub const fn reveal(self) -> &'static str {
        match self {
            Self::Own => "/profile/key/reveal",
            Self::Everybody => "/profile/key/reveal?for=everybody",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_place() {
        assert_eq!(Place::of("/profile/key/edit"), Place::Own);
        assert_eq!(Place::of("/security/api-keys/x/edit"), Place::Everybody);
        for place in [Place::Own, Place::Everybody] {
            assert_eq!(Place::from_name(place.as_str()), place);
        }
        assert_eq!(Place::from_name("//evil"), Place::Own);
        let tag = Tag::parse("lky_AAECAwQ=").unwrap();
        assert_eq!(Place::Own.form(&tag, "edit"), "/profile/key/edit");
        assert_eq!(
            Place::Everybody.form(&tag, "edit"),
            "/security/api-keys/lky_AAECAwQ%3D/edit"
        );
        let gone = |place: Place| place.gone(tag.as_str());
        assert_eq!(gone(Place::Own), "/profile/key?notice=deleted");
        assert_eq!(
            gone(Place::Everybody),
            "/security/api-keys?notice=deleted&tag=lky_AAECAwQ%3D"
        );
    }
}
