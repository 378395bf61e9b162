//! M5: two hundred at once.

use service::on_both_databases;
use tokio::task::JoinSet;

use super::*;
use crate::{
    audit::records,
    store::{number, texts},
};

const AT_ONCE: usize = 200;

on_both_databases! {
    async fn two_hundred_executions_of_a_ticket_make_one_key_and_one_record(harness: Harness) {
        let (beside, _its_folder) = harness.beside().await;
        let stage = Stage::on(harness).await;
        let id = stage.ask().await;
        stage.approve(id).await;
        let mut all = JoinSet::new();
        for n in 0..AT_ONCE {
            let services = if n % 2 == 0 { stage.services().clone() } else { beside.clone() };
            let bob = stage.bob.clone();
            all.spawn(async move { services.tickets.execute(&bob, &[id]).await });
        }
        let mut made = Vec::new();
        while let Some(executed) = all.join_next().await {
            match executed.unwrap() {
                Ok(mut executed) => {
                    let carried = executed.pop().unwrap().carried;
                    made.push(created(carried).key.tag.to_string());
                }
                Err(error) => assert_eq!(error, is(TicketState::Done)),
            }
        }
        assert_eq!(made.len(), 1);
        assert_eq!(texts(&stage.harness, "select tag from api_key").await, made);
        assert_eq!(texts(&stage.harness, "select tag from used_tag").await, made);
        let trail = records(&stage.harness).await;
        for action in ["key.create", "ticket.execute"] {
            let done = trail.iter().filter(|one| one.action == action && one.outcome == "done");
            assert_eq!(done.count(), 1, "{action}");
        }
        let report = stage.services().check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
    }

    /// One decision, whoever is faster.
    async fn approving_rejecting_and_withdrawing_at_once_end_in_one_of_them(harness: Harness) {
        let stage: Shared = Arc::new(Stage::on(harness).await);
        for _ in 0..10 {
            let id = stage.ask().await;
            let mut all = JoinSet::new();
            for n in 0..9 {
                let stage = stage.clone();
                all.spawn(async move {
                    let tickets = &stage.services().tickets;
                    match n % 3 {
                        0 => tickets.approve(&stage.eve, id, "").await,
                        1 => tickets.reject(&stage.pat, id, "no").await,
                        _ => tickets.cancel(&stage.bob, id, "").await,
                    }
                    .is_ok()
                });
            }
            while let Some(moved) = all.join_next().await {
                moved.unwrap();
            }
            let sql = format!(
                "select what from ticket_event where ticket_id = {id} order by place"
            );
            let history = texts(&stage.harness, &sql).await;
            let told: Vec<_> = history.iter().map(String::as_str).collect();
            let allowed: [&[&str]; 4] = [
                &["REQUESTED", "APPROVED", "CANCELED"],
                &["REQUESTED", "APPROVED"],
                &["REQUESTED", "REJECTED"],
                &["REQUESTED", "CANCELED"],
            ];
            assert!(allowed.contains(&&*told), "{told:?}");
            if stage.state(id).await == TicketState::Approved {
                stage.services().tickets.cancel(&stage.bob, id, "").await.unwrap();
            }
        }
        let trail = records(&stage.harness).await;
        let requests = trail.iter().filter(|one| one.action == "ticket.request" && one.outcome == "done");
        assert_eq!(requests.count(), 10);
    }

    /// M7: two requests about one thing.
    async fn of_many_requests_about_one_key_one_is_made(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let mut all = JoinSet::new();
        for n in 0..20 {
            let (services, bob, tag) = (stage.services().clone(), stage.bob.clone(), tag.clone());
            all.spawn(async move {
                let keys = &services.keys;
                match n % 3 {
                    0 => keys.delete(&bob, &tag, None).await.map(drop),
                    1 => keys.update(&bob, &tag, described("x")).await.map(drop),
                    _ => keys.reissue(&bob, &tag, again()).await.map(drop),
                }
            });
        }
        let mut asked = 0;
        while let Some(ended) = all.join_next().await {
            match ended.unwrap() {
                Ok(()) => asked += 1,
                Err(error) => {
                    let waits = matches!(error, Error::Conflict(Conflict::TicketWaits(_)));
                    assert!(waits, "{error:?}");
                }
            }
        }
        assert_eq!(asked, 1);
        assert_eq!(number(&stage.harness, "select count(*) from ticket").await, 1);
    }

    /// Locks are taken in one order: whatever meets, nobody is told that the service is not there.
    async fn executing_and_disabling_the_requester_do_not_stand_in_each_other_s_way(harness: Harness) {
        let stage = Stage::on(harness).await;
        let bob = stage.bob.identity().principal.clone();
        for _ in 0..10 {
            let id = stage.ask().await;
            stage.approve(id).await;
            let (services, actor) = (stage.services().clone(), stage.bob.clone());
            let executing = tokio::spawn(async move { services.tickets.execute(&actor, &[id]).await });
            let (services, principal) = (stage.services().clone(), bob.clone());
            let disabling = tokio::spawn(async move {
                services.users.disable(&Actor::console(), &principal).await
            });
            disabling.await.unwrap().unwrap();
            let made = match executing.await.unwrap() {
                Ok(executed) => executed.len(),
                Err(error) => {
                    let expected = [
                        is(TicketState::Canceled),
                        Error::Conflict(Conflict::RequesterGone),
                    ];
                    assert!(expected.contains(&error), "{error:?}");
                    0
                }
            };
            let sql = "select count(*) from api_key where deleted_at is null";
            assert_eq!(number(&stage.harness, sql).await, i64::try_from(made).unwrap());
            stage.services().users.enable(&Actor::console(), &bob).await.unwrap();
            let sql = "update api_key set deleted_at = 1, deleted_by = 'x', digest = null, \
                       pepper_id = null where deleted_at is null";
            crate::store::execute(&stage.harness, sql).await.unwrap();
        }
    }
}
