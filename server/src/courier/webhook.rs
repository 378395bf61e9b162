//! Webhooks: one request each, to an address that was looked at after the name was looked up, and
//! nowhere else (W9).

use std::{net::IpAddr, time::Duration};

use domain::notice::{SIGNATURE_HEADER, Trouble, is_public};
use http::{Request, header};
use ureq::{
    Agent,
    config::Config,
    http::Uri,
    tls::{Certificate, RootCerts, TlsConfig},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use super::is_of_tls;
use crate::{network::Networks, tls::provider};

/// The most bytes of an answer's head. Its body is not read.
const LONGEST_HEAD: usize = 16 * 1024;

/// Calls webhooks.
pub(super) struct Caller(Agent);

/// The name leads to an address that is not allowed.
#[derive(Debug, thiserror::Error)]
#[error("an address that is not allowed")]
struct Forbidden;

/// Looks a name up, and refuses it when it leads to an address that is not allowed. The connection
/// goes to the addresses that were looked at: a name that leads elsewhere a moment later does not
/// matter.
#[derive(Debug)]
struct Guarded {
    /// Private networks that the settings allow.
    allowed: Networks,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        if found.iter().all(|address| self.allows(address.ip())) {
            Ok(found)
        } else {
            Err(ureq::Error::Other(Box::new(Forbidden)))
        }
    }
}

impl Guarded {
    fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.contain(address)
    }
}

impl Caller {
    /// Follows no redirection, goes through no proxy, keeps no connection.
    pub(super) fn new(allowed: Networks, patience: Duration) -> Self {
        let roots = rustls_native_certs::load_native_certs().certs;
        let roots = roots
            .iter()
            .map(|root| Certificate::from_der(root).to_owned());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(roots.collect::<Vec<_>>()))
            .unversioned_rustls_crypto_provider(provider())
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .max_response_header_size(LONGEST_HEAD)
            .timeout_global(Some(patience / 3))
            .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")))
            .build();
        let (connector, guarded) = (DefaultConnector::default(), Guarded { allowed });
        Self(Agent::with_parts(config, connector, guarded))
    }

    /// Sends one request.
    pub(super) fn call(
        &self,
        url: &str,
        id: &str,
        signature: &str,
        body: String,
    ) -> Result<(), Trouble> {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("Latchkey-Delivery", id)
            .header(SIGNATURE_HEADER, signature)
            .body(body)
            .map_err(|_| Trouble::Unwritable)?;
        let answer = self.0.run(request).map_err(|error| trouble(&error))?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(Trouble::Answered(status.as_u16()))
        }
    }
}

fn trouble(error: &ureq::Error) -> Trouble {
    match error {
        ureq::Error::Other(cause) if cause.is::<Forbidden>() => Trouble::ForbiddenAddress,
        ureq::Error::HostNotFound => Trouble::NoAddress,
        ureq::Error::Timeout(_) => Trouble::TooSlow,
        ureq::Error::LargeResponseHeader(..) => Trouble::TooLong,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => Trouble::Tls,
        ureq::Error::Io(cause) => {
            // What the system's resolver does not know is told as an error of its own kind.
            if is_of_tls(cause) {
                Trouble::Tls
            } else if cause.to_string().contains("lookup address") {
                Trouble::NoAddress
            } else {
                Trouble::NoConnection
            }
        }
        _ => Trouble::NoConnection,
    }
}
