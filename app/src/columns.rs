//! How the table of everybody's keys looks: which columns it has, besides the key itself and what
//! can be done, and how many rows a page.

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

/// How many keys a page of the table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Rows {
    /// 25.
    Few,
    /// 50.
    #[default]
    Standard,
    /// 100: as many as the list gives at a time.
    Most,
}

impl Rows {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Few, Self::Standard, Self::Most];

    /// How many.
    pub const fn number(self) -> u32 {
        match self {
            Self::Few => 25,
            Self::Standard => 50,
            Self::Most => domain::directory::MAX_PAGE,
        }
    }

    /// The choice of that number, in digits.
    pub fn named(number: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|rows| rows.number().to_string() == number)
    }
}

/// What somebody chose of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableLook {
    /// The columns.
    pub columns: Columns,
    /// How long a page is.
    pub rows: Rows,
}

impl TableLook {
    /// For the cookie: the columns' names and the number of rows.
    pub fn names(self) -> String {
        let shown = self.columns.shown();
        let names = shown.map(|column| format!("{}.", column.as_str()));
        names.collect::<String>() + &self.rows.number().to_string()
    }

    /// Reads [`TableLook::names`].
    pub fn from_names(text: &str) -> Self {
        Self {
            columns: Columns::named(text.split('.')),
            rows: text.split('.').find_map(Rows::named).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_back_as_it_was_written() {
        for (bits, rows) in (0..=u8::MAX).flat_map(|bits| Rows::ALL.map(|rows| (bits, rows))) {
            let columns = Columns(bits);
            let look = TableLook { columns, rows };
            assert_eq!(TableLook::from_names(&look.names()), look);
            assert_eq!(
                Columns::named(columns.shown().map(KeyColumn::as_str)),
                columns
            );
        }
        assert_eq!(
            TableLook::default().names(),
            "owner.state.expires.used.created.50"
        );
    }

    /// W8: a cookie can say anything.
    #[test]
    fn what_names_nothing_says_nothing() {
        let nothing = TableLook {
            columns: Columns::NONE,
            rows: Rows::Standard,
        };
        for text in [
            "",
            ".",
            "owners",
            "<b>",
            "OWNER",
            "owner state",
            "\0",
            "-1",
            "1000000",
            "025",
            "25 ",
        ] {
            assert_eq!(TableLook::from_names(text), nothing, "{text:?}");
        }
        let issuer = Columns::NONE.with(KeyColumn::Issuer, true);
        let look = TableLook::from_names("x.issuer.issuer..7.100");
        assert_eq!((look.columns, look.rows), (issuer, Rows::Most));
        assert_eq!(issuer.with(KeyColumn::Issuer, false), Columns::NONE);
    }
}
