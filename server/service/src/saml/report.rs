//! The reports of test sign-ins.

use chrono::TimeDelta;
use domain::{
    error::Error,
    saml::{Assertion, Cause, Person, Report, roles_of},
};

use super::{Known, Saml, engine::Peek, sign_in::Landing};
use crate::{
    Actor,
    fault::Fault,
    secret::RandomToken,
    store::{
        Time,
        saml::{self as store, RequestRow, ResultRow},
    },
};

/// How long a report can be looked at.
const REPORT_TIME: TimeDelta = TimeDelta::minutes(15);

impl Saml {
    /// What a test shows of an answer that holds.
    pub(super) async fn report_of(
        &self,
        known: &Known,
        assertion: &Assertion,
        person: Result<Person, Cause>,
        peek: &Peek,
    ) -> Result<Report, Fault> {
        let mut peek = peek.clone();
        if peek.encrypted {
            // The message itself hid it.
            peek.hear(assertion);
        }
        let said = peek.said;
        let person = match person {
            Ok(person) => person,
            Err(cause) => return Ok(Report::failed(cause, said)),
        };
        let mut reader = self.core.db.reader().await?;
        let cause = self.would_enter(&mut reader.conn(), known, &person).await?;
        let given = roles_of(&person.groups, &known.settings.group_roles);
        Ok(Report {
            cause,
            said,
            principal: Some(person.principal.name.clone()),
            roles: given.into_iter().map(str::to_owned).collect(),
        })
    }

    pub(super) async fn keep_report(
        &self,
        request: &RequestRow,
        relay_hash: &[u8],
        report: Report,
    ) -> Result<Landing, Fault> {
        let core = &*self.core;
        let handle = RandomToken::generate(&*core.entropy)?;
        let body = serde_json::to_string(&report).map_err(|_| Fault::Broken("no JSON"))?;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        store::take_request(conn, relay_hash).await?;
        let row = ResultRow {
            handle_hash: handle.hash(),
            provider_id: request.provider_id,
            kind: "test".to_owned(),
            browser_hash: request.browser_hash.clone(),
            next_page: String::new(),
            tester_id: request.tester_id,
            body,
            expires_at: Time(core.clock.now() + REPORT_TIME),
        };
        store::put_result(conn, &row).await?;
        tx.commit_unrecorded().await?;
        Ok(Landing::Tested(handle))
    }

    /// The report of a test, for whoever made it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else, and after a quarter of an hour.
    pub async fn report(&self, actor: &Actor, handle: &str) -> Result<(i64, Report), Error> {
        let handle = RandomToken::parse(handle).ok_or(Error::NotFound)?;
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::result(&mut reader.conn(), &handle.hash()).await?
        };
        let row = row
            .filter(|row| row.tester_id == Some(actor.identity.id.0))
            .filter(|row| row.expires_at.0 > self.core.clock.now())
            .ok_or(Error::NotFound)?;
        let report = serde_json::from_str(&row.body)
            .map_err(|_| Error::from(Fault::Broken("a stored report is odd")))?;
        Ok((row.provider_id, report))
    }
}
