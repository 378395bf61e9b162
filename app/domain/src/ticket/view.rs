//! Which tickets a list shows.

use serde::{Deserialize, Serialize};

/// Which tickets a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketView {
    /// Those of others that wait for a decision, the oldest first.
    Waiting,
    /// One's own, the latest first.
    Own,
    /// Everybody's, the latest first.
    All,
}

impl TicketView {
    /// Every view.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Own, Self::All];

    /// The name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Own => "own",
            Self::All => "all",
        }
    }

    /// The one with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_read_back_by_their_names() {
        for view in TicketView::ALL {
            assert_eq!(TicketView::from_name(view.as_str()), Some(view));
        }
        assert_eq!(TicketView::from_name("mine"), None);
    }
}
