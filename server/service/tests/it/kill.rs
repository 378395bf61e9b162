//! R4: `kill -9` at every step of an operation. A child process does it, and stops after the n-th
//! statement or runs on; it is killed there, or after some time, and what it leaves is examined.

mod child;
mod notices;
mod tickets;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use service::{
    Actor, Services, on_both_databases,
    testing::{Harness, PASSWORD, credentials, origin},
};

use self::child::{BEGUN, FINISHED, JOB, Job, Operation, STOPPED, current};
use crate::{
    audit::records,
    store::{number, texts},
};

const ROUNDS: u32 = 100;

/// A child that is killed when it is dropped.
struct Victim {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Victim {
    fn start(job: &Job) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child::child", "--ignored", "--nocapture"])
            .env(JOB, serde_json::to_string(job).unwrap())
            .env(notices::SENT, &job.data_dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut victim = Self { process, output };
        victim.wait_for(&[BEGUN]);
        victim
    }

    fn wait_for(&mut self, said: &[&'static str]) -> &'static str {
        let found = self.output.find_map(|line| {
            let line = line.unwrap();
            said.iter().find(|said| **said == line).copied()
        });
        found.unwrap()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// What the killed process began on PostgreSQL is over once its connections are.
async fn settle(harness: &Harness) {
    let others = "select count(*) from pg_stat_activity \
                  where datname = current_database() and pid <> pg_backend_pid()";
    while harness.database_url.is_some() && number(harness, others).await > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Keys, tags, values to be shown and records agree, and the chain is whole.
async fn examine(harness: &Harness, services: &Services) {
    let (mut made, mut ended) = (Vec::new(), BTreeSet::new());
    for record in records(harness)
        .await
        .into_iter()
        .filter(|record| record.outcome == "done")
    {
        match &*record.action {
            "key.create" => made.push(record.object),
            "key.delete" => assert!(ended.insert(record.object)),
            "key.reissue" => {
                let after: serde_json::Value =
                    serde_json::from_str(&record.state_after.unwrap()).unwrap();
                made.push(after["tag"].as_str().unwrap().to_owned());
                assert!(ended.insert(record.object));
            }
            _ => {}
        }
    }
    let shown: Vec<_> = made.last().cloned().into_iter().collect();
    assert_eq!(texts(harness, "select tag from reveal").await, shown);
    made.sort();
    assert_eq!(
        texts(harness, "select tag from api_key order by tag").await,
        made
    );
    assert_eq!(
        texts(harness, "select tag from used_tag order by tag").await,
        made
    );
    let sql = "select tag from api_key where deleted_at is not null or retires_at is not null \
               order by tag";
    assert_eq!(
        texts(harness, sql).await,
        ended.into_iter().collect::<Vec<_>>()
    );
    let sql = "select count(*) from api_key where deleted_at is null and retires_at is null";
    assert!(number(harness, sql).await <= 1);
    let report = services.check_audit(&Actor::console()).await.unwrap();
    assert_eq!(report.findings, []);
}

/// Kills somebody's operation again and again, by turns at a step, and at a time: from the beginning
/// to a little after the end. Each time `look` says whether it had happened, knowing whether it was
/// finished, and puts everything right for the next time.
async fn again_and_again(
    harness: &Harness,
    operation: Operation,
    cookie: &str,
    mut look: impl AsyncFnMut(&Services, bool) -> bool,
) {
    let mut job = Job {
        operation,
        data_dir: harness.data_dir.path().to_owned(),
        database_url: harness.database_url.clone(),
        cookie: cookie.to_owned(),
        step: None,
    };
    let (mut step, mut steps) = (0, 0);
    let mut duration = Duration::from_millis(10);
    let mut happened = BTreeSet::new();
    for round in 0..ROUNDS {
        let at_a_step = round % 2 == 1;
        step += usize::from(at_a_step);
        job.step = at_a_step.then_some(step);
        let mut victim = Victim::start(&job);
        let begun = Instant::now();
        let finished = if at_a_step {
            victim.wait_for(&[STOPPED, FINISHED]) == FINISHED
        } else if round == 0 {
            victim.wait_for(&[FINISHED]);
            duration = begun.elapsed();
            true
        } else {
            thread::sleep(duration * round / (ROUNDS - 20));
            false
        };
        drop(victim);
        settle(harness).await;
        if at_a_step && finished {
            (steps, step) = (step - 1, 0);
        }
        let services = harness.reopened().await;
        let done = look(&services, finished).await;
        happened.insert(done);
        assert!(done || !finished, "a finished {operation:?} is undone");
        services.close().await;
    }
    // Every step was met, and both ends were seen.
    assert!(steps >= 5, "{steps}");
    assert_eq!(happened, BTreeSet::from([false, true]));
}

async fn survives(harness: Harness, operation: Operation) {
    harness.add_user("bob", &[]).await;
    let (actor, cookie) = signed_in(&harness, "bob").await;
    operation.prepare(&harness.services, &actor).await;
    let mut before = current(&harness.services, &actor).await;
    harness.services.close().await;
    again_and_again(&harness, operation, &cookie, async |services, _| {
        examine(&harness, services).await;
        let after = current(services, &actor).await;
        let done = after != before;
        match operation {
            Operation::Reissue => assert!(after.is_some()),
            Operation::Delete => assert!(after.is_none() || !done),
            _ => {}
        }
        operation.prepare(services, &actor).await;
        operation.perform(services, &actor).await;
        operation.prepare(services, &actor).await;
        before = current(services, &actor).await;
        done
    })
    .await;
}

async fn signed_in(harness: &Harness, name: &str) -> (Actor, String) {
    let sessions = &harness.services.sessions;
    let session = sessions
        .sign_in(credentials(name, PASSWORD), origin())
        .await;
    let session = session.unwrap();
    (session.actor, session.token.reveal().to_string())
}

on_both_databases! {
    async fn a_create_that_is_killed_leaves_all_or_nothing(harness: Harness) {
        survives(harness, Operation::Create).await;
    }

    async fn a_reissue_that_is_killed_leaves_all_or_nothing(harness: Harness) {
        survives(harness, Operation::Reissue).await;
    }

    async fn a_delete_that_is_killed_leaves_all_or_nothing(harness: Harness) {
        survives(harness, Operation::Delete).await;
    }
}
