//! The cookies: the session's, the key under which a new value waits to be shown, the note between
//! password and code, how a table looks, and the colours of pages.

use http::{HeaderMap, HeaderValue, header};

/// How cookies are called and flagged on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookies {
    /// Whether people reach the server over TLS.
    pub secure: bool,
}

impl Cookies {
    /// The session cookie's name.
    pub const fn session(self) -> &'static str {
        if self.secure {
            "__Host-latchkey"
        } else {
            "latchkey"
        }
    }

    /// The reveal cookie's name.
    pub const fn reveal(self) -> &'static str {
        if self.secure {
            "__Host-latchkey-reveal"
        } else {
            "latchkey-reveal"
        }
    }

    /// The name of the cookie that says which columns and how many rows the table of everybody's
    /// keys has.
    pub const fn columns(self) -> &'static str {
        if self.secure {
            "__Host-latchkey-columns"
        } else {
            "latchkey-columns"
        }
    }

    /// The name of the cookie that says in which colours pages are shown.
    pub const fn theme(self) -> &'static str {
        if self.secure {
            "__Host-latchkey-theme"
        } else {
            "latchkey-theme"
        }
    }

    /// As [`Cookies::set`], for a year.
    pub fn keep(self, name: &str, value: &str) -> Option<HeaderValue> {
        self.header(name, value, "; Max-Age=31536000")
    }

    /// As [`Cookies::set`], for a quarter of an hour.
    pub fn keep_briefly(self, name: &str, value: &str) -> Option<HeaderValue> {
        self.header(name, value, "; Max-Age=900")
    }

    /// The name of the cookie that a browser is known by between leaving for an identity provider
    /// and coming back.
    pub const fn saml(self) -> &'static str {
        if self.secure {
            "__Host-latchkey-saml"
        } else {
            "latchkey-saml"
        }
    }

    /// The name of the cookie between password and code.
    pub const fn step(self) -> &'static str {
        if self.secure {
            "__Host-latchkey-step"
        } else {
            "latchkey-step"
        }
    }

    /// A `Set-Cookie` header: not readable by scripts, not sent along from other sites, for this
    /// host alone, until the browser is closed. Marked sensitive, so that it is not logged.
    pub fn set(self, name: &str, value: &str) -> Option<HeaderValue> {
        self.header(name, value, "")
    }

    /// A `Set-Cookie` header that removes the cookie.
    pub fn remove(self, name: &str) -> Option<HeaderValue> {
        self.header(name, "", "; Max-Age=0")
    }

    fn header(self, name: &str, value: &str, more: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// The value of the request's cookie of that name.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W1, W5: flags and names.
    #[test]
    fn cookies_are_for_this_host_and_out_of_reach_of_scripts() {
        let cookies = Cookies { secure: true };
        assert_eq!(
            cookies.set(cookies.session(), "abc").unwrap(),
            "__Host-latchkey=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let kept = cookies.keep(cookies.columns(), "owner.state").unwrap();
        assert_eq!(
            kept,
            "__Host-latchkey-columns=owner.state; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000"
        );
        let cookies = Cookies { secure: false };
        assert_eq!(
            cookies.remove(cookies.reveal()).unwrap(),
            "latchkey-reveal=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    /// K14.
    #[test]
    fn a_cookie_header_does_not_print_itself() {
        let header = Cookies { secure: true }.set("a", "secret").unwrap();
        assert!(!format!("{header:?}").contains("secret"));
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; latchkey-reveal=2;latchkey=3"),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("other=4"));
        assert_eq!(read(&headers, "latchkey"), Some("3"));
        assert_eq!(read(&headers, "latchkey-reveal"), Some("2"));
        assert_eq!(read(&headers, "other"), Some("4"));
        assert_eq!(read(&headers, "key"), None);
    }
}
