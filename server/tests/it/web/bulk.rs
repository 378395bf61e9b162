//! One thing done to many keys, as the page asks for it step by step.

use app::rpc::{Extended, Fault, StepResult, packing::unpack};
use chrono::TimeDelta;
use domain::{
    error::{Error, Problem},
    expiry,
    key::Tag,
};

use super::*;

/// A step whose answer was lost on the way is sent again.
#[tokio::test]
async fn a_step_that_is_sent_twice_extends_once() {
    let browser = Browser::start().await;
    let app = &browser.app;
    let (_, tag) = app.signed_in("bob").await.make_key().await;
    let tags = tag.replace('=', "%3D");
    let send = async |form: &str| browser.post("/api/bulk_extend", form, &[HERE]).await;
    let extend = async |form: &str| unpack::<Extended>(&send(form).await.body).unwrap();
    let became = |kept| {
        vec![StepResult {
            tag: Tag::parse(&tag).unwrap(),
            refusal: None,
            kept,
            ticket: None,
        }]
    };

    let begun = extend("validity=60").await;
    assert_eq!(begun.results, []);
    let micros = begun.since.timestamp_micros();
    let step = |days: u32| format!("tags={tags}&validity={days}&since={micros}");
    for _ in 0..2 {
        app.harness.clock.advance(TimeDelta::minutes(5));
        let done = extend(&step(60)).await;
        assert_eq!((done.since, done.results), (begun.since, became(false)));
    }
    let end = (begun.since + TimeDelta::days(60)).timestamp_micros();
    let ends = app
        .select("select cast(expires_at as text) from api_key")
        .await;
    assert_eq!(ends, [Some(end.to_string())]);
    assert_eq!(extend(&step(59)).await.results, became(true));
    let updates = app.trail().await;
    let updates = updates.iter().filter(|one| one.starts_with("key.update"));
    assert_eq!(updates.count(), 1);

    // Nothing counts from an instant to come, and no end is past.
    let later = format!("validity=60&since={}", micros + 3_600_000_000);
    let now = begun.since + TimeDelta::minutes(10);
    assert_eq!(extend(&later).await.since, now);
    let long_ago = micros - 86_400_000_000;
    let past = send(&format!("tags={tags}&validity=1&since={long_ago}")).await;
    let past = unpack::<Fault>(&past.body).unwrap().error;
    assert_eq!(past, Error::field(expiry::FIELD, Problem::TooEarly));
    let nothing = send("validity=60&since=soon").await;
    let nothing = unpack::<Fault>(&nothing.body).unwrap().error;
    assert!(nothing.about("since").is_some(), "{nothing:?}");
}
