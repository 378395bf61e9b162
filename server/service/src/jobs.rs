//! The server's own background work, as people see it: what ran last of each kind.

use std::sync::{Mutex, PoisonError};

use domain::{Instant, error::Error};

use crate::{Actor, Services, core::Core, fault::Fault};

/// A kind of background work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Recording refused keys.
    RefusedKeys,
    /// Writing the uses of keys.
    KeyUses,
    /// Removing what is past its time.
    CleanUp,
    /// Signing a checkpoint of the audit trail.
    Checkpoint,
    /// Noticing new token keys.
    TokenKeys,
    /// Folding the figures of the directory.
    Figures,
    /// Closing tickets that have waited for too long, and removing old ones.
    Tickets,
    /// Telling what ends soon.
    Notices,
    /// Sending notices.
    Deliveries,
}

impl JobKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::RefusedKeys,
        Self::KeyUses,
        Self::CleanUp,
        Self::Checkpoint,
        Self::TokenKeys,
        Self::Figures,
        Self::Tickets,
        Self::Notices,
        Self::Deliveries,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefusedKeys => "REFUSED_KEYS",
            Self::KeyUses => "KEY_USES",
            Self::CleanUp => "CLEANUP",
            Self::Checkpoint => "AUDIT_CHECKPOINT",
            Self::TokenKeys => "TOKEN_KEYS",
            Self::Figures => "FIGURES",
            Self::Tickets => "TICKETS",
            Self::Notices => "NOTICES",
            Self::Deliveries => "DELIVERIES",
        }
    }

    const fn undone(self) -> &'static str {
        match self {
            Self::RefusedKeys => "refused keys were not recorded",
            Self::KeyUses => "uses of keys were not written",
            Self::CleanUp => "nothing was cleaned up",
            Self::Checkpoint => "no checkpoint was signed",
            Self::TokenKeys => "token keys were not read anew",
            Self::Figures => "figures were not folded",
            Self::Tickets => "tickets were not looked after",
            Self::Notices => "nobody was told what ends soon",
            Self::Deliveries => "notices were not sent",
        }
    }
}

/// The latest run of a kind of work on this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Names the kind, from 1.
    pub number: i64,
    /// Which work.
    pub kind: JobKind,
    /// How far it is.
    pub state: JobState,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It has not run since the server was started.
    Queued,
    /// It runs.
    Active {
        /// Since when.
        since: Instant,
    },
    /// It ran.
    Done {
        /// When it began.
        since: Instant,
        /// When it ended.
        until: Instant,
        /// Whether it did what it should; otherwise it is tried again.
        well: bool,
    },
}

/// The latest runs.
#[derive(Debug)]
pub(crate) struct Jobs(Mutex<[JobState; JobKind::ALL.len()]>);

impl Default for Jobs {
    fn default() -> Self {
        Self(Mutex::new([JobState::Queued; JobKind::ALL.len()]))
    }
}

impl Jobs {
    fn note(&self, kind: JobKind, state: JobState) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[kind as usize] = state;
    }
}

impl Core {
    /// Does a piece of background work. A failure is logged; the next turn tries again.
    pub(crate) async fn work(&self, kind: JobKind, work: impl Future<Output = Result<(), Fault>>) {
        let since = self.clock.now();
        self.jobs.note(kind, JobState::Active { since });
        let result = work.await;
        if let Err(cause) = &result {
            tracing::warn!(%cause, "{}", kind.undone());
        }
        let done = JobState::Done {
            since,
            until: self.clock.now(),
            well: result.is_ok(),
        };
        self.jobs.note(kind, done);
    }
}

impl Services {
    /// The background work of this server. Everybody who is signed in may see it.
    ///
    /// # Errors
    /// The first password must be replaced first.
    pub fn jobs(&self, actor: &Actor) -> Result<Vec<Job>, Error> {
        actor.settled()?;
        let states = *self
            .core
            .jobs
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let jobs = JobKind::ALL.into_iter().zip(states).zip(1..);
        Ok(jobs
            .map(|((kind, state), number)| Job {
                number,
                kind,
                state,
            })
            .collect())
    }
}
