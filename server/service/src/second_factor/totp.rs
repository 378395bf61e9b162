//! Time-based one-time passwords (RFC 6238): HMAC-SHA-1, six digits, thirty seconds. Authenticator
//! applications agree on nothing else.

use std::fmt::Write;

use domain::Instant;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// The bytes of a secret: as many as the hash has (RFC 4226, section 4, R6).
pub(super) const SECRET_BYTES: usize = 20;
pub(super) const DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;
/// How many steps a clock may be off, either way.
const SKEW: i64 = 1;

/// The code at a time step.
fn code(secret: &[u8], step: i64) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("any length will do");
    mac.update(&step.to_be_bytes());
    let mac: [u8; 20] = mac.finalize().into_bytes().into();
    // Dynamic truncation (RFC 4226, section 5.3).
    let offset = usize::from(mac[19] & 0xf);
    let four = [
        mac[offset],
        mac[offset + 1],
        mac[offset + 2],
        mac[offset + 3],
    ];
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    format!("{:0DIGITS$}", number % 1_000_000)
}

/// The time step that a code is of, if it is one of the present, or of the step before or after,
/// and of none up to `last`.
pub(super) fn step_of(secret: &[u8], given: &str, now: Instant, last: i64) -> Option<i64> {
    let present = now.timestamp().div_euclid(STEP_SECONDS);
    let mut steps = (present - SKEW).max(0)..=present + SKEW;
    steps.rfind(|step| {
        let matches = code(secret, *step).as_bytes().ct_eq(given.as_bytes());
        bool::from(matches) && *step > last
    })
}

/// Base 32 without padding (RFC 4648, section 6): how people type a secret.
pub(super) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let characters = (chunk.len() * 8).div_ceil(5);
        for index in 0..characters {
            let five = (bits >> (35 - 5 * index)) & 31;
            text.push(char::from(ALPHABET[usize::try_from(five).unwrap_or(0)]));
        }
    }
    text
}

/// The code that an application shows which was set up with a secret in base 32.
#[cfg(feature = "testing")]
pub(crate) fn shown(secret: &str, now: Instant) -> String {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for character in secret.bytes() {
        let five = match character {
            b'A'..=b'Z' => character - b'A',
            _ => character - b'2' + 26,
        };
        (bits, held) = (bits << 5 | u32::from(five), held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held).unwrap_or(0));
            bits &= (1 << held) - 1;
        }
    }
    code(&bytes, now.timestamp().div_euclid(STEP_SECONDS))
}

/// A name within an address, percent-encoded.
pub(super) fn label(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    name.bytes().fold(String::new(), |mut label, byte| {
        if plain(byte) {
            label.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(label, "%{byte:02X}");
        }
        label
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, seconds / STEP_SECONDS), expected);
            assert!(step_of(SECRET, expected, at(seconds), 0).is_some());
        }
    }

    #[test]
    fn a_code_is_good_a_step_early_and_late_and_never_again() {
        let given = "287082";
        let good = |seconds, last| step_of(SECRET, given, at(seconds), last).is_some();
        for (seconds, expected) in [
            (-1, false),
            (0, true),
            (30, true),
            (59, true),
            (89, true),
            (90, false),
        ] {
            assert_eq!(good(seconds, 0), expected, "{seconds}");
        }
        assert!(!good(59, 1));
        for other in ["", "287083", "28708", "2870820", "28708２"] {
            assert_eq!(step_of(SECRET, other, at(59), 0), None, "{other}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_the_address() {
        assert_eq!(label("bob.x"), "bob.x");
        assert_eq!(label("a b&c:é"), "a%20b%26c%3A%C3%A9");
    }

    /// RFC 4648, section 10, without the padding.
    #[test]
    fn base_32_is_that_of_the_standard() {
        for (text, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), expected);
        }
        #[cfg(feature = "testing")]
        assert_eq!(shown(&base32(SECRET), at(59)), "287082");
    }
}
