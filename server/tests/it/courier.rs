//! What carries notices out of the house, over real sockets.

mod mail;
mod webhook;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use domain::{
    key::Tag,
    notice::{About, Audience, KeyFacts, Kind, Notice, Trouble},
    principal::{DomainType, Identity, Principal, UserId},
};
use server::{
    config::{Flags, Settings},
    courier::Post,
};
use service::{
    clock::FakeClock,
    notices::{Courier, Parcel, Way},
    testing::Harness,
};

/// A courier with these settings, which waits no longer than a moment.
fn post(variables: &[(&str, &str)]) -> Post {
    post_within(variables, Duration::from_millis(1500))
}

/// One that waits for so long: some servers take their time to refuse a password.
fn post_within(variables: &[(&str, &str)], patience: Duration) -> Post {
    let settings = settings(variables).unwrap();
    let clock = Arc::new(FakeClock::new(Harness::start_of_time()));
    Post::within(&settings, clock, patience).unwrap()
}

fn settings(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let url = ("LATCHKEY_PUBLIC_URL", "https://keys.example.org");
    let variables = variables.iter().chain([&url]);
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let loaded = Settings::load(&Flags::default(), variables, None);
    loaded.map_err(|error| error.to_string())
}

/// What others wrote, and nobody should get through.
const HOSTILE: &str = "x\r\nBcc: eve@example.org\r\n\r\n.\r\n<script>alert(1)</script>&\"'";

/// That a key was deleted whose description and owner are hostile (W2, W10).
fn deleted() -> Notice {
    Notice {
        kind: Kind::KeyDeleted,
        at: Harness::start_of_time(),
        about: About::Key(KeyFacts {
            tag: Tag::parse("lky_AAECAwQ=").unwrap(),
            owner: Identity {
                id: UserId(1001),
                principal: Principal {
                    domain_type: DomainType::Saml,
                    domain: "idp".to_owned(),
                    name: HOSTILE.to_owned(),
                },
            },
            description: HOSTILE.to_owned(),
            expires_at: Harness::start_of_time(),
            by: Some(HOSTILE.to_owned()),
            replaced_by: None,
            days: None,
            used_from: None,
        }),
    }
}

fn parcel(way: Way) -> Parcel {
    Parcel {
        id: "7-1795335710294000".to_owned(),
        audience: match &way {
            Way::Mail(_) => Audience::Person,
            Way::Webhook { .. } => Audience::Watcher,
        },
        way,
        notice: deleted(),
    }
}

/// Every setting that is wrong is named, before anything is sent.
#[test]
fn wrong_settings_of_notices_are_named() {
    let address = ("LATCHKEY_SMTP_ADDRESS", "mail.example.org");
    let sender = ("LATCHKEY_SMTP_SENDER", "keys@example.org");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (password, empty) = (file("password", "s3cret\n"), file("empty", "\n"));
    let user = ("LATCHKEY_SMTP_USER", "keys");
    let with = ("LATCHKEY_SMTP_PASSWORD_FILE", &*password);
    let clear = ("LATCHKEY_SMTP_SECURITY", "none");
    for (variables, named) in [
        (vec![address], "`smtp_sender`"),
        (vec![sender], "`smtp_address`"),
        (vec![clear], "`smtp_address`"),
        (vec![address, sender, user], "`smtp_password_file`"),
        (vec![address, sender, with], "`smtp_user`"),
        (vec![address, sender, user, with, clear], "sent in clear"),
        (
            vec![
                address,
                sender,
                user,
                ("LATCHKEY_SMTP_PASSWORD_FILE", &empty),
            ],
            "is empty",
        ),
        (
            vec![
                address,
                sender,
                user,
                ("LATCHKEY_SMTP_PASSWORD_FILE", "/none"),
            ],
            "cannot be read",
        ),
        (
            vec![
                address,
                sender,
                ("LATCHKEY_SMTP_ROOT_CERTIFICATE_FILE", &empty),
            ],
            "holds no certificate",
        ),
        (
            vec![("LATCHKEY_SMTP_ADDRESS", "a b"), sender],
            "`smtp_address`",
        ),
        (
            vec![("LATCHKEY_SMTP_ADDRESS", "x:0"), sender],
            "`smtp_address`",
        ),
        (
            vec![("LATCHKEY_SMTP_ADDRESS", "u@x"), sender],
            "`smtp_address`",
        ),
        (
            vec![address, ("LATCHKEY_SMTP_SENDER", "keys")],
            "`smtp_sender`",
        ),
        (
            vec![address, sender, ("LATCHKEY_SMTP_SECURITY", "ssl")],
            "`smtp_security`",
        ),
        (
            vec![("LATCHKEY_WEBHOOK_ALLOW_PRIVATE", "10.0.0.0/99")],
            "`webhook_allow_private`",
        ),
        (
            vec![("LATCHKEY_WEBHOOK_ALLOW_HTTP", "yes")],
            "`webhook_allow_http`",
        ),
    ] {
        let told = settings(&variables).unwrap_err();
        assert!(told.contains(named), "{variables:?}: {told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
    let mut ports = BTreeSet::new();
    for security in ["none", "starttls", "tls"] {
        let security = ("LATCHKEY_SMTP_SECURITY", security);
        ports.insert(
            settings(&[address, sender, security])
                .unwrap()
                .mail
                .unwrap()
                .port,
        );
    }
    assert_eq!(ports, BTreeSet::from([25, 465, 587]));
    let whole = settings(&[("LATCHKEY_SMTP_ADDRESS", "[::1]:2525"), sender]).unwrap();
    let mail = whole.mail.unwrap();
    assert_eq!((&*mail.host, mail.port), ("::1", 2525));
    assert!(settings(&[]).unwrap().mail.is_none());
}

#[tokio::test]
async fn without_a_mail_server_mail_says_so() {
    let way = Way::Mail("bob@example.org".to_owned());
    let told = post(&[]).deliver(&parcel(way)).await;
    assert_eq!(told, Err(Trouble::NoMailServer));
}
