//! Real responses, mutated at random: nothing panics, and nothing is accepted that says more than
//! was signed. `LATCHKEY_FUZZ_SECONDS` makes it go on for longer.

use std::time::{Duration, Instant};

use super::{
    Stage,
    alone::{alone, assert_alone, count_from_here, peak, present},
    stage::{CONSUMER, session_of},
};
use crate::support::Log;

/// A generator of its own, so that a run can be repeated (xorshift64*, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        usize::try_from(drawn >> 33).unwrap() % limit.max(1)
    }
}

/// Pieces that mean something somewhere.
const PIECES: [&str; 14] = [
    "<!-- -->",
    "<saml:Assertion>",
    "</saml:Assertion>",
    "<saml:NameID>root</saml:NameID>",
    "&amp;",
    "&#0;",
    "<![CDATA[",
    "]]>",
    "<?x y?>",
    "ID=\"_a1\"",
    "xmlns:saml=\"urn:x\"",
    "<ds:Signature>",
    "\u{feff}",
    "<!DOCTYPE x>",
];

fn mutated(good: &str, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = good.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let to = (at + dice.below(200)).min(bytes.len());
        match dice.below(6) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let copy = bytes[at..to].to_vec();
                let place = dice.below(bytes.len());
                bytes.splice(place..place, copy);
            }
            3 => {
                let piece = PIECES[dice.below(PIECES.len())].bytes();
                bytes.splice(at..at, piece);
            }
            4 => bytes.truncate(to.max(1)),
            _ => {
                let (from, other) = (dice.below(bytes.len()), bytes.len() - 1);
                bytes.swap(from, at.min(other));
            }
        }
        if bytes.is_empty() {
            bytes.push(b'<');
        }
    }
    bytes
}

/// The most that the process may grow while it is sent thousands of them, in bytes.
const MOST: u64 = 48 * 1024 * 1024;

#[test]
fn a_mutated_response_never_panics_and_never_says_more_than_was_signed() {
    alone("saml::mutations::child");
}

#[tokio::test]
#[ignore = "runs in a process of its own, by the test above"]
async fn child() {
    assert_alone();
    let seconds = std::env::var("LATCHKEY_FUZZ_SECONDS");
    let seconds = seconds.ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let end = Instant::now() + Duration::from_secs(seconds);
    let stage = Stage::sqlite().await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut tried, mut taken) = (0_u32, 0_u32);
    let mut browser = stage.begin().await;
    let mut good = stage.good(&browser);
    // What is made at the first answer is no mutation's cost.
    stage
        .post(&good.replacen(">anna<", ">root<", 1), None)
        .await;
    count_from_here();
    let before = present();
    while Instant::now() < end {
        tried += 1;
        let bytes = mutated(&good, &mut dice);
        let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &bytes);
        let relay = browser.asked.relay_state.as_deref();
        let answer = stage.post_encoded(&encoded, relay).await;
        match answer.status {
            403 => {}
            // What is not signed may change, such as white space outside of the assertion.
            303 => {
                taken += 1;
                let arrived = stage.follow(&answer, &browser.cookie).await;
                let actor = stage.actor(&session_of(&arrived)).await.unwrap();
                assert_eq!(actor.identity().principal.name, "anna");
                browser = stage.begin().await;
                good = stage.good(&browser);
            }
            status => panic!(
                "{status} to {CONSUMER}: {}",
                String::from_utf8_lossy(&bytes)
            ),
        }
        // Raw bytes, too, where a form is expected.
        if tried.is_multiple_of(16) {
            Log::forget();
            let client = stage.app.anonymous();
            let headers = [super::stage::FORM];
            let answer = client
                .send(http::Method::POST, CONSUMER, &headers, bytes)
                .await;
            assert_eq!(answer.status, 403);
        }
    }
    assert_eq!(stage.app.rows("app_user").await, usize::from(taken > 0));
    assert!(tried > 20, "{tried}");
    let grown = peak().saturating_sub(before);
    let told = format!(
        "{tried} mutated responses, {taken} of them still true, {} kB",
        grown / 1024
    );
    println!("{told}");
    assert!(grown < MOST, "{told}");
}
