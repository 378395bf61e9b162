//! What people are told.

mod ends;
mod sending;
mod webhooks;

use std::{
    collections::VecDeque, fs::OpenOptions, io::Write, path::PathBuf, pin::Pin, sync::Mutex,
};

use chrono::TimeDelta;
use domain::{
    approval::KeyAction,
    error::{Error, Problem, Refusal},
    expiry::Validity,
    notice::{About, Audience, Choice, Trouble},
    permission::Grants,
    principal::{DomainType, Identity, Principal},
};
use service::{
    Actor, Services,
    keys::{KeyEdit, NewKey, Reissue},
    notices::{Courier, OwnNotices, Parcel, Way},
    on_both_databases,
    principals::NewPrincipal,
    testing::{Harness, approval, origin},
};

use crate::{
    audit::records,
    store::{execute, number, texts},
    tickets::{SECURITY, Stage, again, described, new_key},
};

/// A courier that only notes what it carried, and fails as it is told to.
#[derive(Default)]
pub(crate) struct Post {
    carried: Mutex<Vec<(String, String)>>,
    answers: Mutex<VecDeque<Trouble>>,
    file: Option<PathBuf>,
}

impl Post {
    /// One that also appends the names of what it carried to a file, before it says so.
    pub(crate) fn noting(file: PathBuf) -> Self {
        Self {
            file: Some(file),
            ..Self::default()
        }
    }

    /// One to whom these happen first.
    fn failing(answers: impl IntoIterator<Item = Trouble>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Self::default()
        }
    }

    /// What was carried since the last call: where to, and the subject.
    fn take(&self) -> Vec<String> {
        let mut carried: Vec<_> = std::mem::take(&mut *self.carried.lock().unwrap());
        carried.sort();
        carried.into_iter().map(|(_, what)| what).collect()
    }
}

impl Courier for Post {
    fn deliver<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send + 'a>> {
        Box::pin(async move {
            if let Some(trouble) = self.answers.lock().unwrap().pop_front() {
                return Err(trouble);
            }
            if let Some(file) = &self.file {
                let mut file = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(file)
                    .unwrap();
                writeln!(file, "{}", parcel.id).unwrap();
            }
            let to = match &parcel.way {
                Way::Mail(address) => address.clone(),
                Way::Webhook { url, .. } => url.clone(),
            };
            let what = format!("{to}: {}", parcel.notice.subject(parcel.audience));
            self.carried.lock().unwrap().push((parcel.id.clone(), what));
            Ok(())
        })
    }
}

/// Somebody's notices as they see them: subjects, the latest first.
async fn told(services: &Services, actor: &Actor) -> Vec<String> {
    let own = services.notices.own(actor, None).await.unwrap();
    subjects(&own)
}

fn subjects(own: &OwnNotices) -> Vec<String> {
    let subject = |one: &service::notices::OwnNotice| one.notice.subject(Audience::Person);
    own.notices.iter().map(subject).collect()
}

async fn mail_to(services: &Services, actor: &Actor, address: &str) {
    let choice = Choice {
        address: address.to_owned(),
        ..Choice::default()
    };
    services.notices.choose(actor, choice).await.unwrap();
}

fn for_bob() -> NewKey {
    NewKey {
        owner: Some(Principal::new(DomainType::Unixpwd, "", "bob").unwrap()),
        ..new_key()
    }
}

on_both_databases! {
    async fn an_owner_is_told_what_others_do_to_their_key(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let keys = &harness.services.keys;
        let first = keys.create(&sam, for_bob()).await.unwrap().done().key;
        keys.update(&sam, &first.tag, described("nightly")).await.unwrap().done();
        let second = keys.reissue(&sam, &first.tag, again()).await.unwrap().done().key;
        keys.delete(&sam, &second.tag, None).await.unwrap().done();
        let expected = [
            "Your API key was deleted",
            "Your API key was reissued",
            "Your API key was changed",
            "An API key was created for you",
        ];
        assert_eq!(told(&harness.services, &bob).await, expected);
        assert_eq!(harness.services.notices.unread(&bob).await, Ok(4));
        // Whoever did it is not told, nor is anybody else.
        assert_eq!(told(&harness.services, &sam).await, [""; 0]);
        let own = harness.services.notices.own(&bob, None).await.unwrap();
        let About::Key(reissued) = &own.notices[1].notice.about else {
            unreachable!("it is about a key")
        };
        let facts = (&reissued.tag, reissued.replaced_by.as_ref(), &*reissued.description);
        assert_eq!(facts, (&first.tag, Some(&second.tag), "nightly"));
        assert_eq!(reissued.by.as_deref(), Some(&*sam.identity().to_string()));
        // No address, no mail.
        assert_eq!(number(&harness, "select count(*) from outbox").await, 0);
    }

    async fn what_people_do_to_their_own_key_is_no_news(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let keys = &harness.services.keys;
        let first = keys.create(&bob, new_key()).await.unwrap().done();
        let value = first.value.reveal();
        keys.update(&bob, &first.key.tag, described("x")).await.unwrap().done();
        let by_key = harness.services.sessions.by_header(value.as_bytes(), origin()).await;
        let by_key = by_key.unwrap();
        let second = keys.reissue(&by_key, &first.key.tag, again()).await.unwrap().done();
        keys.delete(&bob, &second.key.tag, None).await.unwrap().done();
        assert_eq!(told(&harness.services, &bob).await, [""; 0]);
    }

    async fn the_console_is_somebody_else_and_a_service_principal_is_told_nothing(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let made = harness.services.keys.create(&Actor::console(), for_bob()).await;
        made.unwrap().done();
        let own = harness.services.notices.own(&bob, None).await.unwrap();
        let text = own.notices[0].notice.sentences(Audience::Person).join(" ");
        assert!(text.contains("by somebody at the server's console"), "{text}");
        let before = number(&harness, "select count(*) from notice").await;
        let wanted = NewPrincipal {
            name: "backup".to_owned(),
            kind: "CLIENT".to_owned(),
            validity: Validity::days(30).ok(),
            grants: Grants::NONE,
            security_administrator: false,
        };
        let admin = harness.user("ann", &["Administrator"]).await;
        harness.services.principals.add(&admin, wanted).await.unwrap();
        assert_eq!(number(&harness, "select count(*) from notice").await, before);
    }

    async fn what_is_refused_is_not_told(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let keys = &harness.services.keys;
        let key = keys.create(&bob, new_key()).await.unwrap().done().key;
        let stale = KeyEdit { version: Some(key.version + 1), ..described("x") };
        keys.update(&sam, &key.tag, stale).await.unwrap_err();
        let long = Reissue { validity: Validity::days(9999).ok(), ..again() };
        keys.reissue(&sam, &key.tag, long).await.unwrap_err();
        assert_eq!(told(&harness.services, &bob).await, [""; 0]);
    }

    /// R3: no record, no change, no notice.
    async fn without_its_record_nothing_is_told(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let key = harness.services.keys.create(&bob, new_key()).await.unwrap().done().key;
        execute(&harness, "update chain_head set mac = 'x'").await.unwrap();
        let deleted = harness.services.keys.delete(&sam, &key.tag, None).await;
        assert_eq!(deleted.unwrap_err(), Error::Internal);
        assert_eq!(number(&harness, "select count(*) from notice").await, 0);
        assert!(harness.services.keys.own(&bob).await.unwrap().is_some());
    }

    async fn notices_are_one_s_own_and_are_read_one_by_one_or_all(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let services = &harness.services;
        services.keys.create(&sam, for_bob()).await.unwrap().done();
        let tag = services.keys.own(&bob).await.unwrap().unwrap().tag;
        for number in 0..2 {
            let edit = described(&number.to_string());
            services.keys.update(&sam, &tag, edit).await.unwrap().done();
        }
        let own = services.notices.own(&bob, None).await.unwrap();
        let ids: Vec<_> = own.notices.iter().map(|one| one.id).collect();
        // A1.
        let others = services.notices.mark_read(&sam, ids[0]).await;
        assert_eq!(others, Err(Error::NotFound));
        services.notices.mark_all_read(&sam, ids[0]).await.unwrap();
        assert_eq!(services.notices.unread(&bob).await, Ok(3));
        services.notices.mark_read(&bob, ids[2]).await.unwrap();
        services.notices.mark_read(&bob, ids[2]).await.unwrap();
        assert_eq!(services.notices.unread(&bob).await, Ok(2));
        // What came after one looked stays unread.
        services.notices.mark_all_read(&bob, ids[1]).await.unwrap();
        let own = services.notices.own(&bob, None).await.unwrap();
        let read: Vec<_> = own.notices.iter().map(|one| one.read).collect();
        assert_eq!(read, [false, true, true]);
        let older = services.notices.own(&bob, Some(ids[1])).await.unwrap();
        assert_eq!((older.notices.len(), older.more), (1, false));
        assert_eq!(older.notices[0].id, ids[2]);
    }

    async fn pages_end_where_the_next_begins_and_counting_stops(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let services = &harness.services;
        services.keys.create(&sam, for_bob()).await.unwrap().done();
        let copies = "insert into notice (user_id, notice, created_at) \
                      select user_id, notice, created_at from notice";
        for _ in 0..7 {
            execute(&harness, copies).await.unwrap();
        }
        assert_eq!(services.notices.unread(&bob).await, Ok(100));
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = services.notices.own(&bob, before).await.unwrap();
            seen.extend(page.notices.iter().map(|one| one.id));
            before = seen.last().copied();
            if !page.more {
                break;
            }
        }
        assert_eq!(seen.len(), 128);
        assert!(seen.is_sorted_by(|one, next| one > next));
    }

    /// A4.
    async fn a_key_reads_no_notices_and_chooses_nothing(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        let made = services.keys.create(&bob, new_key()).await.unwrap().done();
        let by_key = services.sessions.by_header(made.value.reveal().as_bytes(), origin()).await;
        let by_key = by_key.unwrap();
        let refusal = Error::Refused(Refusal::NotWithAKey);
        assert_eq!(services.notices.own(&by_key, None).await.unwrap_err(), refusal);
        let chosen = services.notices.choose(&by_key, Choice::default()).await;
        assert_eq!(chosen, Err(refusal));
        assert_eq!(services.notices.unread(&by_key).await, Ok(0));
        let console = services.notices.own(&Actor::console(), None).await;
        assert_eq!(console.unwrap_err(), Error::NotFound);
    }

    async fn mail_goes_where_and_as_it_was_chosen(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let services = &harness.services;
        mail_to(services, &bob, " bob@example.org ").await;
        let post = Post::default();
        services.keys.create(&sam, for_bob()).await.unwrap().done();
        let tag = services.keys.own(&bob).await.unwrap().unwrap().tag;
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), ["bob@example.org: An API key was created for you"]);
        // Not wanted by mail, and there all the same.
        let quiet = Choice { address: "bob@example.org".to_owned(), keys: false, ..Choice::default() };
        services.notices.choose(&bob, quiet.clone()).await.unwrap();
        services.keys.update(&sam, &tag, described("x")).await.unwrap().done();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [""; 0]);
        assert_eq!(services.notices.unread(&bob).await, Ok(2));
        let choice = services.notices.choice(&bob).await.unwrap();
        assert_eq!((choice.choice, choice.mail_is_sent), (quiet, true));
        // Each choice is recorded, the same one twice is not.
        let again = services.notices.choice(&bob).await.unwrap().choice;
        services.notices.choose(&bob, again).await.unwrap();
        let chosen = records(&harness).await;
        let chosen = chosen.iter().filter(|one| one.action == "notice.choose");
        assert_eq!(chosen.count(), 2);
        let wrong = Choice { address: "x\r\nBcc: y@z".to_owned(), ..Choice::default() };
        let wrong = services.notices.choose(&bob, wrong).await.unwrap_err();
        assert!(matches!(wrong.about("address"), Some(Problem::Malformed { .. })), "{wrong:?}");
    }

    async fn who_signs_in_by_saml_has_the_address_that_the_sign_in_gave(harness: Harness) {
        let ann = harness.add_saml_user("ann").await;
        let sam = harness.user("sam", &[SECURITY]).await;
        provide_mail(&harness, &ann, "ann@corp.example").await;
        let (_, session) = harness.saml_session(&ann, None).await;
        let services = &harness.services;
        let wanted = NewKey { owner: Some(ann.principal.clone()), ..new_key() };
        let key = services.keys.create(&sam, wanted).await.unwrap().done().key;
        let post = Post::default();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), ["ann@corp.example: An API key was created for you"]);
        // One's own choice goes first; whoever is disabled gets no mail.
        mail_to(services, &session, "ann@home.example").await;
        services.keys.update(&sam, &key.tag, described("x")).await.unwrap().done();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), ["ann@home.example: Your API key was changed"]);
        services.users.disable(&Actor::console(), &ann.principal).await.unwrap();
        services.keys.delete(&sam, &key.tag, None).await.unwrap().done();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [""; 0]);
        assert_eq!(number(&harness, "select count(*) from notice").await, 3);
    }

    async fn approvers_are_told_of_requests_and_requesters_of_decisions(harness: Harness) {
        let stage = Stage::on(harness).await;
        let (services, bob, eve, pat) = (stage.services(), &stage.bob, &stage.eve, &stage.pat);
        let first = stage.ask().await;
        let asked = format!("Ticket {first} waits for approval");
        assert_eq!(told(services, eve).await, std::slice::from_ref(&asked));
        assert_eq!(told(services, pat).await, [asked]);
        assert_eq!(told(services, bob).await, [""; 0]);
        services.tickets.reject(eve, first, "not today").await.unwrap();
        let own = services.notices.own(bob, None).await.unwrap();
        assert_eq!(subjects(&own), [format!("Ticket {first} was rejected")]);
        let text = own.notices[0].notice.sentences(Audience::Person).join(" ");
        assert!(text.contains("eve") && text.ends_with("The comment: not today"), "{text}");
        let second = stage.ask().await;
        stage.approve(second).await;
        assert_eq!(told(services, bob).await[0], format!("Ticket {second} was approved"));
        // An approver who asks is not told of their own request.
        let before = told(services, eve).await;
        services.keys.create(eve, new_key()).await.unwrap().ticket();
        assert_eq!(told(services, eve).await, before);
        assert_eq!(told(services, pat).await.len(), 3);
    }

    async fn tickets_go_by_mail_if_the_approval_settings_say_so(harness: Harness) {
        let stage = Stage::off(harness).await;
        let services = stage.services();
        mail_to(services, &stage.bob, "bob@example.org").await;
        mail_to(services, &stage.eve, "eve@example.org").await;
        let mut wanted = approval(&[KeyAction::Create], 72);
        wanted.mail_to = vec!["team@example.org".to_owned()];
        services.tickets.set_approval(&stage.sam, wanted.clone()).await.unwrap().done();
        let post = Post::default();
        let id = stage.ask().await;
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [""; 0]);
        services.tickets.cancel(&stage.bob, id, "").await.unwrap();
        execute(&stage.harness, "update approval_settings set mail = true").await.unwrap();
        let id = stage.ask().await;
        services.deliver_due(&post).await.unwrap();
        let expected = [
            format!("eve@example.org: Ticket {id} waits for approval"),
            format!("team@example.org: Ticket {id} waits for approval"),
        ];
        assert_eq!(post.take(), expected);
        stage.approve(id).await;
        services.deliver_due(&post).await.unwrap();
        let expected = [
            format!("bob@example.org: Ticket {id} was approved"),
            format!("team@example.org: Ticket {id} was approved"),
        ];
        assert_eq!(post.take(), expected);
    }

    /// What runs by its approval was done by the requester: an owner who did not ask is told.
    async fn what_an_approval_carries_out_is_told_its_owner(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let services = stage.services();
        execute(&stage.harness, "update approval_settings set run_on_approval = true").await.unwrap();
        let id = services.keys.delete(&stage.sam, &tag, None).await.unwrap().ticket();
        assert_eq!(told(services, &stage.bob).await, [""; 0]);
        services.tickets.approve(&stage.eve, id, "").await.unwrap();
        assert_eq!(told(services, &stage.bob).await, ["Your API key was deleted"]);
        assert_eq!(told(services, &stage.sam).await, [format!("Ticket {id} was approved")]);
    }

    /// K14, K15, M11: not a value, not a part of one.
    async fn no_notice_holds_a_value(harness: Harness) {
        let stage = Stage::on(harness).await;
        let id = stage.ask().await;
        stage.approve(id).await;
        let carried = stage.execute(id).await.unwrap();
        let value = carried.created().unwrap().value.reveal().to_string();
        let all = texts(&stage.harness, "select notice from notice").await;
        assert!(!all.is_empty());
        for notice in all {
            assert!(!notice.contains(&value[12..]), "{notice}");
        }
    }

    async fn what_is_old_goes_and_what_waits_stays(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let services = &harness.services;
        mail_to(services, &bob, "bob@example.org").await;
        let wanted = NewKey { validity: Validity::days(365).ok(), ..for_bob() };
        let tag = services.keys.create(&sam, wanted).await.unwrap().done().key.tag;
        services.deliver_due(&Post::default()).await.unwrap();
        services.keys.update(&sam, &tag, described("x")).await.unwrap().done();
        harness.clock.advance(TimeDelta::days(90) - TimeDelta::microseconds(1));
        services.maintain_once().await.unwrap();
        assert_eq!(number(&harness, "select count(*) from notice").await, 2);
        assert_eq!(number(&harness, "select count(*) from outbox").await, 2);
        harness.clock.advance(TimeDelta::microseconds(1));
        services.maintain_once().await.unwrap();
        assert_eq!(number(&harness, "select count(*) from notice").await, 0);
        let left = texts(&harness, "select state from outbox").await;
        assert_eq!(left, ["WAITING"]);
    }

    /// Each constraint by its name.
    async fn what_cannot_be_of_notices_is_refused(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let out = |columns: &str, values: &str| {
            format!(
                "insert into outbox (to_person, notice, created_at, next_attempt_at{columns}) \
                 values (true, '', 1, 1{values})"
            )
        };
        for (sql, constraint) in [
            (out(", state, attempts", ", 'WAITING', 0"), "one_way_to_go"),
            (out(", mail_to, state, attempts", ", 'x', 'LOST', 0"), "delivery_state_known"),
            (out(", mail_to, state, attempts", ", 'x', 'WAITING', -1"), "attempts_are_counted"),
            (out(", mail_to, state, attempts", ", 'x', 'FAILED', 1"), "failing_is_explained"),
            (
                out(", mail_to, state, attempts, trouble", ", 'x', 'SENT', 1, 'TLS'"),
                "what_was_sent_had_no_trouble",
            ),
        ] {
            let error = execute(&harness, &sql).await.unwrap_err();
            assert!(error.contains(constraint), "{sql}: {error}");
        }
        for sql in [
            out(", webhook_id, state, attempts", ", 9, 'WAITING', 0"),
            "insert into notice (user_id, notice, created_at) values (9, '', 1)".to_owned(),
            "insert into notice_choice (user_id, address, on_keys, on_ends, on_tickets) \
             values (9, '', true, true, true)"
                .to_owned(),
            "insert into old_key_told (tag) values ('tag-00000001')".to_owned(),
        ] {
            assert!(execute(&harness, &sql).await.is_err(), "{sql}");
        }
    }
}

/// What a sign-in by SAML leaves of an address.
async fn provide_mail(harness: &Harness, user: &Identity, address: &str) {
    let provider = "insert into saml_provider (name, entity_id, facts, settings, enabled, created_at) \
                    values ('idp', 'https://idp.example', '{}', '{}', true, 1)";
    execute(harness, provider).await.unwrap();
    let sql = format!(
        "insert into saml_user (user_id, provider_id, mail, display_name, signed_in_at) \
         select {}, min(id), '{address}', '', 1 from saml_provider",
        user.id
    );
    execute(harness, &sql).await.unwrap();
}
