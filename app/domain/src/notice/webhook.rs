//! Webhooks: where notices may be sent, and how they are signed.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::Kind;
use crate::error::{FieldError, Problem};

/// The header that holds the time and the signature.
pub const SIGNATURE_HEADER: &str = "Latchkey-Signature";
/// The longest address, in characters.
const MAX_URL_CHARS: usize = 2048;

/// Checks the address of a webhook: https, or http where the settings allow it; no user name, no
/// fragment, nothing that is not ASCII.
///
/// # Errors
/// `url`, and what is allowed.
pub fn check_url(text: &str, http_allowed: bool) -> Result<String, FieldError> {
    let text = text.trim();
    let expected = if http_allowed {
        "an address such as https://hooks.example.org/latchkey"
    } else {
        "an address such as https://hooks.example.org/latchkey, with https"
    };
    let wrong = || FieldError::new("url", Problem::malformed(expected));
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://").filter(|_| http_allowed))
        .ok_or_else(wrong)?;
    let (authority, _) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&byte));
    if text.len() > MAX_URL_CHARS || !plain || !is_authority(authority) {
        return Err(wrong());
    }
    Ok(text.to_owned())
}

/// A name or an address, with or without a port.
fn is_authority(text: &str) -> bool {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']').unwrap_or_default();
        (address.parse::<Ipv6Addr>().is_ok(), after)
    } else {
        let (name, after) = text.split_at(text.find(':').unwrap_or(text.len()));
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!name.is_empty() && name.bytes().all(letters), after)
    };
    let port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    host && port
}

/// Checks of what a webhook is told: something, and only what there is.
///
/// # Errors
/// `events`.
pub fn check_events<'a>(
    names: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeSet<Kind>, FieldError> {
    let wrong = |problem| FieldError::new("events", problem);
    let kinds: Option<BTreeSet<_>> = names.into_iter().map(Kind::from_name).collect();
    let kinds = kinds.ok_or_else(|| wrong(Problem::NotAccepted))?;
    if kinds.is_empty() {
        return Err(wrong(Problem::Required));
    }
    Ok(kinds)
}

/// The value of [`SIGNATURE_HEADER`]. The signature is the hexadecimal HMAC-SHA-256 of the time, a
/// full stop and the body, under the webhook's secret.
pub fn signature_header(seconds: i64, signature: &str) -> String {
    format!("t={seconds},v1={signature}")
}

/// Whether an address belongs to the public Internet (IANA's registries of special-purpose
/// addresses, RFC 6890 and later): no loopback, private, shared, link-local (the metadata services
/// of clouds), documentation, benchmark, multicast or reserved one, and none that hides an IPv4
/// address within an IPv6 one (W9).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127 | 224..=255, ..)
        | (169, 254, _)
        | (192, 168, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => true,
        (100, b, _) => (64..128).contains(&b),
        (172, b, _) => (16..32).contains(&b),
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // 2000::/3 is what is given out; the rest is local, reserved, or translates to IPv4.
    let given_out = (0x2000..0x4000).contains(&a);
    let special = match (a, b) {
        // Protocols (Teredo among them), documentation, 6to4, documentation again.
        (0x2001, b) => b < 0x0200 || b == 0x0db8,
        (0x2002, _) => true,
        (0x3fff, b) => b < 0x1000,
        _ => false,
    };
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W9.
    #[test]
    fn addresses_are_https_and_nothing_else_without_a_setting() {
        for good in [
            "https://hooks.example.org",
            "https://hooks.example.org/a?b=c&d=%20",
            "https://hooks.example.org:8443/",
            "https://192.0.2.1/x",
            "https://[2001:db8::1]:8443/x",
        ] {
            assert_eq!(check_url(good, false), Ok(good.to_owned()), "{good}");
        }
        let http = "http://hooks.example.org/";
        assert!(check_url(http, false).is_err());
        assert_eq!(check_url(http, true), Ok(http.to_owned()));
        for bad in [
            "",
            "hooks.example.org",
            "ftp://hooks.example.org",
            "file:///etc/passwd",
            "gopher://127.0.0.1",
            "https://",
            "https:///path",
            "https://user@hooks.example.org",
            "https://user:password@hooks.example.org",
            "https://hooks.example.org:0",
            "https://hooks.example.org:99999",
            "https://hooks.example.org:x",
            "https://hooks.example.org#fragment",
            "https://hooks.example.org\\@evil.example",
            "https://hooks.example.org/a b",
            "https://hooks.example.org/\r\nHost: evil",
            "https://[::1",
            "https://[x]/",
            "https://höoks.example/",
        ] {
            let error = check_url(bad, true).unwrap_err();
            assert_eq!(error.field, "url", "{bad}");
        }
        let long = format!("https://hooks.example.org/{}", "a".repeat(2048));
        assert!(check_url(&long, true).is_err());
    }

    /// W9: loopback, private, link-local, unique local, metadata, and IPv4 in IPv6's clothes.
    #[test]
    fn only_the_public_internet_is_public() {
        for public in [
            "1.1.1.1",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2600::1",
            "2001:4860:4860::8888",
            "2a00:1450:4001::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn a_webhook_is_told_something_that_there_is() {
        let both = check_events(["ticket.approved", "key.deleted", "key.deleted"]);
        assert_eq!(
            both,
            Ok(BTreeSet::from([Kind::KeyDeleted, Kind::TicketApproved]))
        );
        assert_eq!(check_events([]).unwrap_err().problem, Problem::Required);
        let unknown = check_events(["key.deleted", "test"]).unwrap_err();
        assert_eq!(unknown, FieldError::new("events", Problem::NotAccepted));
    }

    #[test]
    fn a_signature_names_its_time() {
        assert_eq!(
            signature_header(1_795_000_000, "ab12"),
            "t=1795000000,v1=ab12"
        );
    }
}
