//! For the journeys in the browser: puts into a running server's data what no journey can wait for
//! or do by itself yet. `stage DATA_DIR saml-session PROVIDER NAME` prints the session cookie of a
//! SAML user, as a validated assertion will give it; the user is made beforehand.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for tests: it panics where a test fails, and answers on its output"
)]

use std::{env, path::Path, sync::Arc};

use domain::principal::{DomainType, Principal};
use service::{
    Actor, Services,
    clock::SystemClock,
    entropy::OsEntropy,
    testing::{options, saml_session},
};

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let [data_dir, "saml-session", provider, name] = *arguments else {
        unreachable!("usage: stage DATA_DIR saml-session PROVIDER NAME");
    };
    let options = options(Path::new(data_dir), None);
    let services = Services::open(options, Arc::new(SystemClock), Arc::new(OsEntropy))
        .await
        .expect("a service");
    let wanted = Principal::new(DomainType::Saml, provider, name).expect("a principal");
    let users = services.users.list(&Actor::console()).await;
    let user = users
        .expect("users")
        .into_iter()
        .map(|user| user.identity)
        .find(|identity| identity.principal == wanted)
        .expect("the user is there");
    let (token, _) = saml_session(&services, &user, None).await;
    println!("{}", token.reveal().as_str());
    services.close().await;
}
