//! Which server, as whom, and one request to it.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use http::{HeaderMap, Method, Request, StatusCode, header};
use percent_encoding::percent_decode_str;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use service::clock::{Clock, SystemClock};
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

use super::{
    credential::{ApiKey, Keys},
    failure::{Failure, Kind},
    output::Output,
    session::{Session, Sessions},
};
use crate::{config::server_url, tls::provider};

/// How long a request may take, from the look-up of the name to the answer's end.
const PATIENCE: Duration = Duration::from_mins(1);
const HEADING: &str = "Server";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The server [default: the one signed in to]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "LATCHKEY_SERVER",
        hide_env_values = true,
        help = "The server, such as https://keys.example.org:1556 [default: the one signed in to]",
        help_heading = HEADING
    )]
    server: Option<String>,
    /// Trust the certificates in this file (PEM) in the place of the system's
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "LATCHKEY_CACERT",
        hide_env_values = true,
        help_heading = HEADING
    )]
    cacert: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t)]
    pub(super) output: Output,
}

/// A server, and what is known about oneself there.
pub(super) struct Connection {
    agent: Agent,
    /// Scheme and authority.
    pub(super) server: String,
    pub(super) cacert: Option<PathBuf>,
    pub(super) sessions: Sessions,
    pub(super) key: Option<ApiKey>,
}

/// Who asks.
pub(super) enum Credential<'a> {
    Nobody,
    Key(&'a ApiKey),
    Session(&'a Session),
}

/// What the server says.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    /// JSON; `Null` for anything else.
    pub(super) body: Value,
}

impl Answer {
    /// An identity header of `/verify`: percent-encoded UTF-8.
    pub(super) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        let decoded = percent_decode_str(value.unwrap_or_default()).decode_utf8_lossy();
        decoded.into_owned()
    }
}

impl Arguments {
    pub(super) fn connect(&self) -> Result<Connection, Failure> {
        let (sessions, keys) = (Sessions::load()?, Keys::from_environment()?);
        let from_key = || keys.only_host().map(|host| format!("https://{host}"));
        let from_session = || sessions.only_server().map(str::to_owned);
        let server = self
            .server
            .clone()
            .or_else(from_key)
            .or_else(from_session)
            .ok_or_else(|| {
                Failure::usage("which server? Name it with --server or in LATCHKEY_SERVER")
            })?;
        let server = server_url(&server)
            .map_err(|expected| Failure::usage(format!("--server: Must be {expected}.")))?;
        let authority = server.split("://").nth(1).unwrap_or_default();
        let key = keys.for_server(authority)?;
        let of_session = || sessions.find(&server)?.cacert.clone();
        let cacert = self.cacert.clone().or_else(of_session);
        Ok(Connection {
            agent: agent(&server, cacert.as_ref())?,
            server,
            cacert,
            sessions,
            key,
        })
    }
}

impl Connection {
    /// The key of the environment, else the session.
    pub(super) fn credential(&self) -> Result<Credential<'_>, Failure> {
        if let Some(key) = &self.key {
            return Ok(Credential::Key(key));
        }
        let (session, server) = (self.sessions.find(&self.server), &self.server);
        match session {
            Some(session) if session.expiry_date_time > SystemClock.now() => {
                Ok(Credential::Session(session))
            }
            _ => Err(Failure::new(
                Kind::Unauthenticated,
                format!("not signed in to {server}; use `latchkey login`, or LATCHKEY_API_KEY"),
            )),
        }
    }

    /// A request to the REST API, as whoever is signed in.
    pub(super) fn api(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let path = format!("{}{path}", crate::netbackup::BASE);
        self.send(method, &path, &self.credential()?, body)
    }

    /// Whom a key identifies, if its owner has all of these permissions.
    pub(super) fn verify(&self, key: &ApiKey, permissions: &[String]) -> Result<Answer, Failure> {
        let query = permissions.iter().map(|text| ("permission", text));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let (path, tag) = (format!("/verify?{query}"), &key.tag);
        self.send(Method::GET, &path, &Credential::Key(key), None)
            .map_err(|failure| match failure.status {
                Some(StatusCode::UNAUTHORIZED) => {
                    Failure::new(failure.kind, format!("the key {tag} is not valid"))
                }
                Some(StatusCode::FORBIDDEN) => {
                    let message = format!("the owner of the key {tag} lacks the permission");
                    Failure::new(failure.kind, message)
                }
                Some(StatusCode::BAD_REQUEST) => {
                    let message = "--permission: Must be an operation, @ and a namespace, as roles name them.";
                    Failure::usage(message)
                }
                _ => failure,
            })
    }

    /// One request. Anything but success is a failure.
    pub(super) fn send(
        &self,
        method: Method,
        path: &str,
        credential: &Credential<'_>,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server));
        let authorization: Option<SecretString> = match credential {
            Credential::Nobody => None,
            Credential::Key(key) => Some(key.value.clone()),
            Credential::Session(session) => Some(session.token.0.clone().into()),
        };
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value.expose_secret());
        }
        let body = match body {
            None => String::new(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                body.to_string()
            }
        };
        let request = request
            .body(body)
            .map_err(|error| Failure::usage(format!("cannot ask {}: {error}", self.server)))?;
        let answer = self
            .agent
            .run(request)
            .map_err(|error| self.unreachable(&error))?;
        let (parts, mut body) = answer.into_parts();
        let text = body
            .read_to_string()
            .map_err(|error| self.unreachable(&error))?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        match parts.status {
            StatusCode::ACCEPTED => {
                let ticket = parts.headers.get("x-netbackup-mpa-ticket");
                let ticket = ticket.and_then(|id| id.to_str().ok()).unwrap_or_default();
                let message = format!("A second person has to approve it: ticket {ticket}.");
                Err(Failure::new(Kind::Approval, message))
            }
            status if status.is_success() => Ok(Answer {
                headers: parts.headers,
                body,
            }),
            status => Err(Failure::told(status, &body)),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        let told = error.to_string();
        let hint = if told.contains("UnknownIssuer") {
            "; if you trust it, give its root with --cacert (`latchkey cacert` prints it there)"
        } else {
            ""
        };
        let message = format!("no answer from {}: {told}{hint}", self.server);
        Failure::new(Kind::Unreachable, message)
    }
}

/// Follows no redirection: it could carry a credential elsewhere.
fn agent(server: &str, cacert: Option<&PathBuf>) -> Result<Agent, Failure> {
    let roots: Vec<CertificateDer<'static>> = match cacert {
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .ok()
            .filter(|roots: &Vec<_>| !roots.is_empty())
            .ok_or_else(|| {
                let path = path.display();
                Failure::usage(format!("--cacert: there is no certificate in {path}"))
            })?,
        // What of the system's cannot be read is no root; a server of that kind is not trusted.
        None if server.starts_with("https://") => rustls_native_certs::load_native_certs().certs,
        None => Vec::new(),
    };
    let roots = roots
        .iter()
        .map(|root| Certificate::from_der(root).to_owned());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(provider())
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.new_agent())
}
