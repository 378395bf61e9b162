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
}
