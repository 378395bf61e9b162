//! The process that is killed: it does what its environment says, and stops where that says.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use domain::{
    expiry::Validity,
    filter::{Comparison, Expr, Literal},
    key::Tag,
    ticket::{TicketId, TicketState},
};
use serde::{Deserialize, Serialize};
use service::{
    Actor, Services,
    clock::FakeClock,
    entropy::OsEntropy,
    keys::{NewKey, Reissue},
    testing::{Harness, options, origin},
    tickets::{TicketField, TicketQuery},
};
use tracing::{Event, Metadata, Subscriber, span};

/// Holds the child's [`Job`]. Without it the child is an ordinary run of all tests, and does nothing.
pub(super) const JOB: &str = "LATCHKEY_TEST_JOB";
pub(super) const BEGUN: &str = "the operation begins";
pub(super) const STOPPED: &str = "stopped after a statement";
pub(super) const FINISHED: &str = "the operation is finished";

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Operation {
    Create,
    Reissue,
    Delete,
    /// Ask for a key that needs approval.
    Request,
    /// Approve what waits.
    Approve,
    /// Execute what is approved.
    Execute,
    /// Change somebody else's key, and send what is to be told.
    Tell,
}

/// What the child does.
#[derive(Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) operation: Operation,
    pub(super) data_dir: PathBuf,
    pub(super) database_url: Option<String>,
    pub(super) cookie: String,
    /// After which statement it stops. `None`: it runs on.
    pub(super) step: Option<usize>,
}

impl Operation {
    /// Brings the user's key into the state that the operation starts from.
    pub(super) async fn prepare(self, services: &Services, actor: &Actor) {
        match (self, current(services, actor).await) {
            (Self::Create, Some(_)) => Self::Delete.perform(services, actor).await,
            (Self::Reissue | Self::Delete, None) => Self::Create.perform(services, actor).await,
            _ => {}
        }
    }

    pub(super) async fn perform(self, services: &Services, actor: &Actor) {
        let keys = &services.keys;
        let validity = Validity::days(30).ok();
        match self {
            Self::Request => {
                let wanted = NewKey {
                    validity,
                    ..NewKey::default()
                };
                keys.create(actor, wanted).await.unwrap().ticket();
                return;
            }
            Self::Approve => {
                let id = waiting(services, actor, TicketState::Pending)
                    .await
                    .unwrap();
                services.tickets.approve(actor, id, "").await.unwrap();
                return;
            }
            Self::Execute => {
                let id = waiting(services, actor, TicketState::Approved)
                    .await
                    .unwrap();
                let shown = services.tickets.execute_for_reveal(actor, id).await;
                shown.unwrap().unwrap();
                return;
            }
            Self::Tell => return super::notices::tell(services, actor).await,
            Self::Create | Self::Reissue | Self::Delete => {}
        }
        if self == Self::Create {
            let description = "CI".to_owned();
            let wanted = NewKey {
                owner: None,
                description,
                validity,
            };
            keys.create_for_reveal(actor, wanted).await.unwrap().done();
            return;
        }
        let tag = current(services, actor).await.unwrap();
        if self == Self::Delete {
            keys.delete(actor, &tag, None).await.unwrap().done();
        } else {
            let overlap_hours = Some(1);
            let wanted = Reissue {
                validity,
                overlap_hours,
                ..Reissue::default()
            };
            keys.reissue_for_reveal(actor, &tag, wanted)
                .await
                .unwrap()
                .done();
        }
    }
}

/// The ticket in that state, of those that somebody sees.
pub(super) async fn waiting(
    services: &Services,
    actor: &Actor,
    state: TicketState,
) -> Option<TicketId> {
    let named = Literal::Text(state.as_str().to_owned());
    let query = TicketQuery {
        filter: Some(Expr::Compare(TicketField::State, Comparison::Eq, named)),
        limit: 1,
        ..TicketQuery::default()
    };
    let page = services.tickets.list(actor, &query).await.unwrap();
    page.items.first().map(|ticket| ticket.id)
}

pub(super) async fn current(services: &Services, actor: &Actor) -> Option<Tag> {
    services.keys.own(actor).await.unwrap().map(|key| key.tag)
}

/// How many statements are left before the child stops.
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// sqlx reports every statement once it has run: the steps, without a hook in the program.
struct Steps;

impl Subscriber for Steps {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn event(&self, _: &Event<'_>) {
        if LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
            stop(STOPPED);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn say(line: &str) {
    // Not `println!`, which the test harness captures.
    let line = format!("\n{line}\n");
    io::stdout().write_all(line.as_bytes()).unwrap();
}

/// Waits to be killed.
fn stop(line: &str) {
    say(line);
    loop {
        thread::park();
    }
}

#[tokio::test]
#[ignore = "the child process of the tests in this file"]
async fn child() {
    let Ok(job) = std::env::var(JOB) else { return };
    let job: Job = serde_json::from_str(&job).unwrap();
    let clock = Arc::new(FakeClock::new(Harness::start_of_time()));
    let options = options(&job.data_dir, job.database_url.as_deref());
    let services = Services::open(options, clock, Arc::new(OsEntropy))
        .await
        .unwrap();
    let actor = services
        .sessions
        .by_cookie(&job.cookie, origin())
        .await
        .unwrap();
    tracing::subscriber::set_global_default(Steps).unwrap();
    LEFT.store(job.step.unwrap_or(usize::MAX), Ordering::SeqCst);
    say(BEGUN);
    job.operation.perform(&services, &actor).await;
    stop(FINISHED);
}
