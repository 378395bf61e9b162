//! Which columns the table of everybody's keys has, besides the key itself and what can be done.

use serde::{Deserialize, Serialize};

/// A column that can be shown or left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyColumn {
    /// Whose key it is.
    Owner,
    /// Its state.
    State,
    /// When it ends.
    Expires,
    /// When and from where it was last used.
    LastUsed,
    /// When it was made.
    Created,
    /// When its validity was last changed.
    Modified,
    /// Who made it.
    Issuer,
    /// Whether it was made in a validated SAML session.
    Saml,
}

impl KeyColumn {
    /// Every column, as they stand in the table.
    pub const ALL: [Self; 8] = [
        Self::Owner,
        Self::State,
        Self::Expires,
        Self::LastUsed,
        Self::Created,
        Self::Modified,
        Self::Issuer,
        Self::Saml,
    ];

    /// What it is called on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::State => "State",
            Self::Expires => "Expires",
            Self::LastUsed => "Last used",
            Self::Created => "Created",
            Self::Modified => "Last modified",
            Self::Issuer => "Issuer",
            Self::Saml => "SAML authentication",
        }
    }

    /// What it is called in a form and in the cookie.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::State => "state",
            Self::Expires => "expires",
            Self::LastUsed => "used",
            Self::Created => "created",
            Self::Modified => "modified",
            Self::Issuer => "issuer",
            Self::Saml => "saml",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns(u8);

impl Columns {
    /// No more than what is always there.
    pub const NONE: Self = Self(0);

    /// Whether a column is shown.
    pub const fn has(self, column: KeyColumn) -> bool {
        self.0 & column.bit() != 0
    }

    /// The same with a column shown or left out.
    #[must_use]
    pub const fn with(self, column: KeyColumn, shown: bool) -> Self {
        if shown {
            Self(self.0 | column.bit())
        } else {
            Self(self.0 & !column.bit())
        }
    }

    /// Those that are shown, as they stand in the table.
    pub fn shown(self) -> impl Iterator<Item = KeyColumn> {
        let all = KeyColumn::ALL.into_iter();
        all.filter(move |column| self.has(*column))
    }

    /// Those of these names. Names of no column say nothing.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().fold(Self::NONE, |columns, name| {
            let mut all = KeyColumn::ALL.into_iter();
            let found = all.find(|column| column.as_str() == name);
            found.map_or(columns, |column| columns.with(column, true))
        })
    }

    /// The names, for the cookie.
    pub fn names(self) -> String {
        let names = self.shown().map(KeyColumn::as_str);
        names.collect::<Vec<_>>().join(".")
    }

    /// Reads [`Columns::names`].
    pub fn from_names(text: &str) -> Self {
        Self::named(text.split('.'))
    }
}

/// Who chose nothing sees what one asks for most.
impl Default for Columns {
    fn default() -> Self {
        use KeyColumn::{Created, Expires, LastUsed, Owner, State};

        let most = [Owner, State, Expires, LastUsed, Created];
        most.into_iter()
            .fold(Self::NONE, |all, column| all.with(column, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_back_as_it_was_written() {
        for bits in 0..=u8::MAX {
            let columns = Columns(bits);
            assert_eq!(Columns::from_names(&columns.names()), columns);
            assert_eq!(
                Columns::named(columns.shown().map(KeyColumn::as_str)),
                columns
            );
        }
        assert_eq!(
            Columns::default().names(),
            "owner.state.expires.used.created"
        );
    }

    /// W8: a cookie can say anything.
    #[test]
    fn what_names_no_column_says_nothing() {
        for text in ["", ".", "owners", "<b>", "OWNER", "owner state", "\0"] {
            assert_eq!(Columns::from_names(text), Columns::NONE, "{text:?}");
        }
        let issuer = Columns::NONE.with(KeyColumn::Issuer, true);
        assert_eq!(Columns::from_names("x.issuer.issuer.."), issuer);
        assert_eq!(issuer.with(KeyColumn::Issuer, false), Columns::NONE);
    }
}
