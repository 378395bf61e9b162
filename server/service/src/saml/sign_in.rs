//! The three steps of a sign-in (docs/adr/0015): we ask the provider; its answer is checked and
//! waits; the browser that began comes for it.

mod ask;
mod finish;
mod take;

use chrono::TimeDelta;
use domain::saml::{Assertion, Person};
use serde::{Deserialize, Serialize};

pub use self::{
    ask::Begun,
    finish::{Arrival, Finished},
    take::Landing,
};

/// How long a provider may take to answer.
pub(super) const REQUEST_TIME: TimeDelta = TimeDelta::minutes(10);
/// How long the browser may take from the provider's answer to our page.
const RESULT_TIME: TimeDelta = TimeDelta::minutes(2);

/// What waits under a handle.
#[derive(Serialize, Deserialize)]
struct Waiting {
    assertion: Assertion,
    person: Person,
}
