//! The honest way: who is signed in, as whom, for how long, with which key.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use domain::{
    error::Error,
    expiry::Validity,
    key::State,
    principal::{DomainType, Principal},
    saml::{GroupRole, ProviderSettings},
};
use service::{
    Actor,
    keys::{NewKey, Reissue},
    users::NewUser,
};

use super::{
    Stage,
    signer::{Signer, bare, is_signature_of, is_signed_by},
    stage::{BASE, session_of, settings},
    xml::part,
};

/// A user whom an administrator adds before the first sign-in.
pub(super) async fn add(stage: &Stage, name: &str) -> Principal {
    let principal = Principal::new(DomainType::Saml, "idp", name).unwrap();
    let wanted = NewUser {
        principal: principal.clone(),
        roles: Vec::new(),
        password: None,
    };
    let users = &stage.app.harness.services.users;
    users.add(&Actor::console(), wanted).await.unwrap();
    principal
}

service::on_both_databases! {
    /// The whole story of a SAML user's key. L9: the provider's session ends first, and so do
    /// the web session and the key.
    async fn a_saml_user_signs_in_makes_a_key_and_reissues_it(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let now = stage.app.harness.services.now();
        let end = now + TimeDelta::hours(2);
        let cookie = stage.sign_in(|statement| statement.session_end = Some(end)).await;
        let anna = stage.actor(&cookie).await.unwrap();
        assert_eq!(anna.identity().to_string(), format!("idp:anna:saml:{}", anna.identity().id));
        let keys = &stage.app.harness.services.keys;
        let made = keys.create(&anna, NewKey::default()).await.unwrap().done();
        assert_eq!((made.key.expires_at, made.key.saml_validated), (end, true));
        // L7.
        let dated = Reissue { validity: Validity::days(1).ok(), ..Reissue::default() };
        assert!(matches!(keys.reissue(&anna, &made.key.tag, dated).await, Err(Error::Invalid(_))));
        let again = keys.reissue(&anna, &made.key.tag, Reissue::default()).await.unwrap().done();
        assert_eq!(again.key.expires_at, end);
        assert_eq!(
            stage.app.trail().await,
            ["provider.create done", "user.create done", "session.sign-in done", "key.create done", "key.reissue done"]
        );
        stage.app.harness.clock.advance(TimeDelta::hours(2));
        assert!(stage.actor(&cookie).await.is_none());
    }

    /// L8: an administrator's key waits for the owner's first sign-in by SAML.
    async fn an_inactive_key_becomes_active_at_the_first_sign_in(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let owner = add(&stage, "anna").await;
        let root = stage.app.harness.user("root", &["Administrator"]).await;
        let keys = &stage.app.harness.services.keys;
        let wanted = NewKey { owner: Some(owner), validity: Validity::days(30).ok(), ..NewKey::default() };
        let made = keys.create(&root, wanted).await.unwrap().done();
        assert_eq!((made.key.state, made.key.saml_validated), (State::Inactive, false));
        let value = made.value.reveal().to_string();
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 401);
        let cookie = stage.sign_in(|_| ()).await;
        let anna = stage.actor(&cookie).await.unwrap();
        let key = keys.own(&anna).await.unwrap().unwrap();
        assert_eq!((&key.tag, key.state, key.saml_validated), (&made.key.tag, State::Active, true));
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 200);
        let trail = stage.app.trail().await;
        assert_eq!(trail[trail.len() - 2..], ["key.activate done", "session.sign-in done"]);
        // No second time.
        stage.sign_in(|_| ()).await;
        assert_eq!(stage.app.trail().await.len(), trail.len() + 1);
    }

    /// An account is claimed once, and then belongs to that subject (L11).
    async fn an_account_is_claimed_and_bound(harness: Harness) {
        let named = ProviderSettings { user_attribute: "uid".to_owned(), create_users: false, ..settings() };
        let stage = Stage::on(harness, named).await;
        let uid = |name: &str| vec![("uid".to_owned(), vec![name.to_owned()])];
        let browser = stage.begin().await;
        let mut nobody = stage.statement(&browser.asked);
        nobody.attributes = uid("anna");
        let answer = stage.answer(&browser, &stage.idp.respond(&nobody).unwrap()).await;
        let arrived = stage.follow(&answer, &browser.cookie).await;
        stage.is_refused(&arrived, "no account of that name").await;

        add(&stage, "anna").await;
        add(&stage, "ben").await;
        stage.sign_in(|s| { s.name_id = "n-1".to_owned(); s.attributes = uid("anna"); }).await;
        stage.sign_in(|s| { s.name_id = "n-1".to_owned(); s.attributes = uid("anna"); }).await;
        for (name_id, name, why) in [
            ("n-2", "anna", "belongs to another subject"),
            ("n-1", "ben", "another user name before"),
        ] {
            let browser = stage.begin().await;
            let mut statement = stage.statement(&browser.asked);
            statement.name_id = name_id.to_owned();
            statement.attributes = uid(name);
            let landing = stage.answer(&browser, &stage.idp.respond(&statement).unwrap()).await;
            let arrived = stage.follow(&landing, &browser.cookie).await;
            assert_eq!(arrived.status, 403);
            let told = stage.app.latest_record("cause").await.unwrap();
            assert!(told.contains(why), "{told}");
        }
        // By the letter: another case is somebody else.
        let browser = stage.begin().await;
        let mut upper = stage.statement(&browser.asked);
        upper.attributes = uid("Ben");
        let landing = stage.answer(&browser, &stage.idp.respond(&upper).unwrap()).await;
        assert_eq!(stage.follow(&landing, &browser.cookie).await.status, 403);
        stage.sign_in(|s| { s.name_id = "n-2".to_owned(); s.attributes = uid("ben"); }).await;
    }

    /// Roles come and go with groups; what an administrator gave stays.
    async fn groups_give_roles_and_take_them_away(harness: Harness) {
        let line = |group: &str, role: &str| GroupRole { group: group.to_owned(), role: role.to_owned() };
        let mapped = ProviderSettings {
            group_roles: vec![
                line("admins", "Administrator"),
                line("approvers", "Default Multi-Person Authorization Approver"),
            ],
            ..settings()
        };
        let stage = Stage::on(harness, mapped).await;
        let with = |groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            move |statement: &mut service::saml::idp::Statement| {
                statement.attributes.push(("groups".to_owned(), groups));
            }
        };
        let held = "select r.name from user_role g join role r on r.id = g.role_id \
                    join app_user u on u.id = g.user_id where u.name = 'anna' order by r.id";
        let names = async || stage.app.select(held).await.into_iter().flatten().collect::<Vec<_>>();
        stage.sign_in(with(&["approvers", "unknown"])).await;
        assert_eq!(names().await, ["Default Multi-Person Authorization Approver"]);
        stage.sign_in(with(&["admins"])).await;
        assert_eq!(names().await, ["Administrator"]);
        // Nobody else is one: the last stays, whatever the groups say.
        stage.sign_in(with(&[])).await;
        assert_eq!(names().await, ["Administrator"]);
        stage.app.harness.add_user("root", &["Administrator"]).await;
        stage.sign_in(with(&["Admins"])).await;
        assert_eq!(names().await, Vec::<String>::new());
        let roles = &stage.app.harness.services.roles;
        let anna = Principal::new(DomainType::Saml, "idp", "anna").unwrap();
        let approver = ["Default Multi-Person Authorization Approver".to_owned()];
        roles.assign(&Actor::console(), &anna, &approver, &[]).await.unwrap();
        stage.sign_in(with(&["approvers"])).await;
        stage.sign_in(with(&[])).await;
        assert_eq!(names().await, approver);
    }

    /// Whoever comes unasked is asked.
    async fn a_sign_in_that_starts_at_the_provider_is_confirmed(harness: Harness) {
        let stage = Stage::on(harness, ProviderSettings { unsolicited: true, ..settings() }).await;
        let landing = stage.post(&stage.idp.respond(&stage.unasked()).unwrap(), None).await;
        let cookie = landing.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!(stage.follow(&landing, "").await.status, 403);
        let asked = stage.follow(&landing, &cookie).await;
        assert_eq!(asked.status, 200);
        assert!(asked.text().contains("Sign in as anna"));
        assert_eq!(stage.app.rows("session").await, 0);
        let (_, handle) = landing.header("location").split_once("handle=").unwrap();
        let form = format!("handle={handle}");
        // W1: not by a form of another site.
        let headers = [super::stage::FORM, ("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
        let other = stage.app.anonymous().send(http::Method::POST, "/netbackup/sso/finish", &headers, form.clone()).await;
        assert_eq!(other.status, 403);
        let arrived = stage.submit("/netbackup/sso/finish", &cookie, &form).await;
        assert!(stage.actor(&session_of(&arrived)).await.is_some());
    }
}

/// A request is signed when the provider's metadata wants it; then the provider can tell.
#[tokio::test]
async fn a_request_is_signed_for_a_provider_that_wants_it() {
    let stage = Stage::sqlite().await;
    let answer = stage
        .app
        .anonymous()
        .get("/netbackup/sso/login?provider=idp")
        .await;
    assert!(!answer.header("location").contains("Signature="));
    let saml = &stage.app.harness.services.saml;
    let known = saml.provider(&Actor::console(), stage.id).await.unwrap();
    let metadata = stage.idp.metadata().unwrap();
    let wants = metadata.replace(
        "WantAuthnRequestsSigned=\"false\"",
        "WantAuthnRequestsSigned=\"true\"",
    );
    assert_ne!(metadata, wants);
    let post_only = {
        let from = wants.find("<SingleSignOnService").unwrap();
        let to = from + wants[from..].find("/>").unwrap() + 2;
        assert!(wants[from..to].contains("HTTP-Redirect"));
        wants.replace(&wants[from..to], "")
    };
    // By the key of the certificate that our metadata gives to providers.
    let us = Signer::of("ours");
    assert!(stage.ours.contains(&bare(&us.certificate)));
    for (metadata, posted) in [(wants, false), (post_only, true)] {
        let wanted = service::saml::ProviderChange {
            settings: known.settings.clone(),
            metadata,
            version: None,
        };
        saml.update(&Actor::console(), stage.id, wanted)
            .await
            .unwrap();
        let answer = stage
            .app
            .anonymous()
            .get("/netbackup/sso/login?provider=idp&next=/users")
            .await;
        if posted {
            assert_eq!(answer.status, 200);
            let policy = answer.header("content-security-policy");
            assert!(
                policy.contains("form-action https://idp.example;"),
                "{policy}"
            );
            assert!(answer.text().contains("<button"));
            let field = part(answer.text(), "name=\"SAMLRequest\" value=\"", "\">");
            let field = field.rsplit("value=\"").next().unwrap();
            let sent = BASE64_STANDARD
                .decode(field.trim_end_matches("\">"))
                .unwrap();
            let sent = String::from_utf8(sent).unwrap();
            assert!(is_signed_by(&us.public, &sent), "{sent}");
            let other = sent.replacen("netbackup/sso/saml2/acs", "netbackup/sso/saml2/xxx", 1);
            assert!(!is_signed_by(&us.public, &other), "{sent}");
        } else {
            // What is signed are the parameters as they stand (SAML bindings, section 3.4.4.1).
            let (_, query) = answer.header("location").split_once('?').unwrap();
            let (signed, signature) = query.split_once("&Signature=").unwrap();
            assert!(
                signed.starts_with("SAMLRequest=") && signed.contains("rsa-sha256"),
                "{signed}"
            );
            let signature = form_urlencoded::parse(format!("s={signature}").as_bytes())
                .next()
                .map(|(_, value)| BASE64_STANDARD.decode(&*value).unwrap())
                .unwrap();
            assert!(is_signature_of(&us.public, signed.as_bytes(), &signature));
            assert!(!is_signature_of(
                &us.public,
                &signed.as_bytes()[1..],
                &signature
            ));
        }
    }
}

/// A provider that is unknown or switched off offers nothing and is believed nothing.
#[tokio::test]
async fn a_provider_that_is_switched_off_signs_nobody_in() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let good = stage.good(&browser);
    assert_eq!(
        stage
            .app
            .anonymous()
            .get("/netbackup/sso/login?provider=none")
            .await
            .status,
        404
    );
    stage.decide(|settings| settings.enabled = false).await;
    assert_eq!(
        stage
            .app
            .anonymous()
            .get("/netbackup/sso/login?provider=idp")
            .await
            .status,
        404
    );
    let answer = stage.answer(&browser, &good).await;
    stage.is_refused(&answer, "switched off").await;
}

/// Our metadata says what we want: everything signed, at our addresses.
#[tokio::test]
async fn our_metadata_names_our_addresses() {
    let stage = Stage::sqlite().await;
    let answer = stage
        .app
        .anonymous()
        .get("/netbackup/sso/saml2/metadata")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "application/samlmetadata+xml"
    );
    for text in [
        &format!("entityID=\"{BASE}/netbackup/sso/saml2/metadata\""),
        "WantAssertionsSigned=\"true\"",
        &format!("{BASE}/netbackup/sso/saml2/acs"),
        &format!("{BASE}/netbackup/sso/saml2/slo"),
        "<ds:X509Certificate>",
    ] {
        assert!(answer.text().contains(text), "{text}: {}", answer.text());
    }
    assert!(!answer.text().contains("PRIVATE"));
}

/// Encrypted assertions, for whom they are switched on.
#[tokio::test]
async fn encrypted_assertions_are_read_where_they_are_switched_on() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let encrypted = |browser: &super::Browser| {
        let inner = stage.good(browser);
        let ours = super::stage::key("ours");
        let from = ours.find("-----BEGIN CERTIFICATE").unwrap();
        stage.idp.encrypt(&inner, &ours[from..]).unwrap()
    };
    let answer = stage.answer(&browser, &encrypted(&browser)).await;
    stage
        .is_refused(&answer, "Switch on encrypted assertions")
        .await;
    stage.decide(|settings| settings.encrypted = true).await;
    let answer = stage.answer(&browser, &stage.good(&browser)).await;
    stage.is_refused(&answer, "not encrypted").await;
    let landing = stage.answer(&browser, &encrypted(&browser)).await;
    session_of(&stage.follow(&landing, &browser.cookie).await);
}
