//! The identity provider of the demonstration: on a loopback port of its own, only with `--demo`.
//!
//! It signs in whoever is chosen, without a password: it shows what sign-in by SAML is like, and is
//! no provider for anything else.

use std::{fs, sync::Arc};

use anyhow::{Context, Result, anyhow};
use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use chrono::TimeDelta;
use domain::{audit::hex, saml::ProviderSettings};
use service::{
    Actor, Services, demo,
    entropy::{SecretSource, random},
    saml::{
        Dispatch, Incoming, ProviderChange,
        idp::{Asked, Provider, Statement, encode},
    },
    secrets::write_secret,
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    AppState,
    html::escape,
    serve::{self, Listener},
};

/// Its key, in the data directory: the same at every start.
const KEY_FILE: &str = "demo-provider-key.pem";
/// For how long its sessions last.
const SESSION: TimeDelta = TimeDelta::hours(8);

/// The running provider.
pub(crate) struct DemoIdp(JoinHandle<()>);

#[derive(Clone)]
struct Shared {
    provider: Arc<Provider>,
    services: Services,
    entropy: Arc<dyn SecretSource>,
    /// Latchkey's address.
    base: String,
    people: Vec<&'static str>,
}

impl DemoIdp {
    /// Starts it, and makes it known to Latchkey.
    #[expect(clippy::single_match_else, reason = "the key is there, or is made")]
    pub(crate) async fn start(state: &AppState) -> Result<Self> {
        let tcp = TcpListener::bind("127.0.0.1:0")
            .await
            .context("cannot open a port for the demonstration's identity provider")?;
        let own = format!("http://{}", tcp.local_addr()?);
        let file = state.settings.data_dir.join(KEY_FILE);
        let key = match fs::read_to_string(&file) {
            Ok(key) => key,
            Err(_) => {
                let key = Provider::make_key()?;
                write_secret(&file, key.as_bytes())?;
                key.to_string()
            }
        };
        let mut provider = Provider::with_key(&own, &key)?;
        // Its port is another at every start, its name is not.
        "urn:latchkey:demo".clone_into(&mut provider.entity_id);
        let (name, people) = demo::saml_people();
        introduce(&state.services, name, provider.metadata()?).await?;
        let shared = Shared {
            provider: Arc::new(provider),
            services: state.services.clone(),
            entropy: state.entropy.clone(),
            base: state.settings.public_url().trim_end_matches('/').to_owned(),
            people,
        };
        let routes = Router::new()
            .route("/sso", get(choose).post(sign_in))
            .route("/slo", get(sign_out))
            .route("/metadata", get(metadata))
            .with_state(shared);
        let never = std::future::pending();
        let listener = Listener { tcp, tls: None };
        let task = tokio::spawn(serve::serve(listener, routes, serve::HEAD_TIMEOUT, never));
        Ok(Self(task))
    }

    /// Ends it.
    pub(crate) fn stop(self) {
        self.0.abort();
    }
}

/// Adds the provider, or tells where it is now.
async fn introduce(services: &Services, name: &str, metadata: String) -> Result<()> {
    let (saml, console) = (&services.saml, Actor::console());
    let all = saml.providers(&console).await?;
    let known = all
        .into_iter()
        .find(|provider| provider.settings.name == name);
    let settings = known.as_ref().map_or_else(
        || ProviderSettings {
            name: name.to_owned(),
            // The samples are there already.
            create_users: false,
            mail_attribute: "mail".to_owned(),
            ..ProviderSettings::default()
        },
        |known| known.settings.clone(),
    );
    let wanted = ProviderChange {
        settings,
        metadata,
        version: None,
    };
    match known {
        Some(known) => saml.update(&console, known.id, wanted).await?,
        None => {
            saml.add(&console, wanted).await?;
        }
    }
    Ok(())
}

/// What went wrong, in a sentence.
struct Trouble(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let text = format!("<p>{}</p>", escape(&self.0.to_string()));
        (
            StatusCode::BAD_REQUEST,
            page("This did not work", &text, "'none'"),
        )
            .into_response()
    }
}

impl Shared {
    async fn asked(&self, query: &str) -> Result<Asked, Trouble> {
        let ours = self.services.saml.metadata(&self.base).await?;
        let incoming = Incoming::Query(query.to_owned());
        Ok(self.provider.read(&ours, &incoming, self.services.now())?)
    }
}

/// `GET /sso`: whom to sign in.
#[expect(clippy::format_collect, reason = "a handful of names")]
async fn choose(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let query = query.unwrap_or_default();
    shared.asked(&query).await?;
    let people: String = shared
        .people
        .iter()
        .map(|name| {
            let name = escape(name);
            format!("<p><button name=\"name\" value=\"{name}\">{name}</button></p>")
        })
        .collect();
    let text = format!(
        "<p>This is the demonstration's identity provider. It asks for no password: whom should it \
         sign in to Latchkey?</p><form method=\"post\" action=\"/sso\">\
         <input type=\"hidden\" name=\"asked\" value=\"{}\">{people}</form>",
        escape(&query)
    );
    Ok(page("Sign in", &text, "'self'"))
}

/// `POST /sso`: the answer to Latchkey.
async fn sign_in(State(shared): State<Shared>, body: Bytes) -> Result<Response, Trouble> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let incoming = Incoming::Form(fields);
    let name = incoming.value("name").unwrap_or_default();
    let known = shared.people.iter().find(|known| **known == name);
    let name = *known.ok_or_else(|| anyhow!("Nobody of that name is here."))?;
    let asked = shared
        .asked(&incoming.value("asked").unwrap_or_default())
        .await?;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let bytes: [u8; 16] = random(&*shared.entropy)?;
        ids.push(format!("_{}", hex(&bytes)));
    }
    let now = shared.services.now();
    let statement = Statement {
        audience: asked.issuer,
        consumer: asked.consumer.clone(),
        in_response_to: Some(asked.id),
        name_id: name.to_owned(),
        name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
        attributes: vec![("mail".to_owned(), vec![name.to_owned()])],
        session_index: ids.pop(),
        session_end: Some(now + SESSION),
        now,
        lifetime: TimeDelta::minutes(5),
        ids: (ids.pop().unwrap_or_default(), ids.pop().unwrap_or_default()),
    };
    let response = encode(&shared.provider.respond(&statement)?);
    let text = format!(
        "<p>Go on to Latchkey as {}.</p><form method=\"post\" action=\"{}\">\
         <input type=\"hidden\" name=\"SAMLResponse\" value=\"{response}\">\
         <input type=\"hidden\" name=\"RelayState\" value=\"{}\"><button>Go on</button></form>",
        escape(name),
        escape(&asked.consumer),
        escape(&asked.relay_state.unwrap_or_default())
    );
    Ok(page("Signed in", &text, &shared.base))
}

/// `GET /slo`: signing out, at Latchkey's wish.
async fn sign_out(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let ours = shared.services.saml.metadata(&shared.base).await?;
    let incoming = Incoming::Query(query.unwrap_or_default());
    let now = shared.services.now();
    let (_, answer) = shared.provider.sign_out(&ours, &incoming, now)?;
    match answer {
        Dispatch::Redirect(address) => Ok(Redirect::to(&address).into_response()),
        Dispatch::Form { .. } => Err(anyhow!("The answer goes by redirect.").into()),
    }
}

/// `GET /metadata`.
async fn metadata(State(shared): State<Shared>) -> Result<Response, Trouble> {
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    Ok(([(header::CONTENT_TYPE, kind)], shared.provider.metadata()?).into_response())
}

/// `posts_to` is an origin of ours or a keyword.
fn page(title: &str, text: &str, posts_to: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Demonstration identity provider</title></head>\
         <body><main><h1>{title}</h1>{text}</main></body></html>"
    );
    let policy = format!(
        "default-src 'none'; form-action {posts_to}; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = Html(html).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
