use std::{path::Path, sync::Arc};

use domain::{
    error::{Error, Problem, Refusal},
    principal::{DomainType, Principal},
};
use service::{
    Actor, Services,
    clock::SystemClock,
    entropy::{OsEntropy, SecretSource},
    on_both_databases,
    testing::{PASSWORD, credentials, options, origin},
    users::NewUser,
};

fn principal(domain_type: DomainType, domain: &str, name: &str) -> Principal {
    Principal::new(domain_type, domain, name).unwrap()
}

fn new_user(principal: Principal) -> NewUser {
    NewUser {
        principal,
        roles: Vec::new(),
        password: Some(PASSWORD.into()),
    }
}

on_both_databases! {
    async fn names_are_unique_whatever_their_spelling(harness: Harness) {
        let users = &harness.services.users;
        let add = async |principal| users.add(&Actor::console(), new_user(principal)).await;
        let bob = add(principal(DomainType::Unixpwd, "", "Bob")).await.unwrap();
        assert_eq!(bob.to_string(), ":Bob:unixpwd:1000");
        let taken = Err(Error::field("name", Problem::Taken));
        assert_eq!(add(principal(DomainType::Unixpwd, "", "bob")).await, taken);
        assert_eq!(add(principal(DomainType::Unixpwd, "host", "BOB")).await, taken);
        assert!(add(principal(DomainType::Nt, "CORP", "bob")).await.is_ok());
        assert_eq!(add(principal(DomainType::Nt, "CORP", "Bob")).await, taken);
        assert!(add(principal(DomainType::Nt, "LAB", "bob")).await.is_ok());
        assert_eq!(
            add(principal(DomainType::Saml, "idp", "bob")).await,
            Err(Error::field("password", Problem::NotAccepted))
        );
    }

    async fn a_wrong_account_is_named_and_not_made(harness: Harness) {
        let users = &harness.services.users;
        let bob = || new_user(principal(DomainType::Unixpwd, "", "bob"));
        let unknown_role = NewUser { roles: vec!["Boss".to_owned()], ..bob() };
        let short = NewUser { password: Some("short".into()), ..bob() };
        let own_name = NewUser { password: Some("bobbobbobbob".into()), ..bob() };
        for (wanted, field, problem) in [
            (unknown_role, "role", Problem::Unknown),
            (short, "password", Problem::TooShort { min: 12 }),
            (own_name, "password", Problem::CommonPassword),
        ] {
            let result = users.add(&Actor::console(), wanted).await;
            assert_eq!(result, Err(Error::field(field, problem)));
        }
        assert_eq!(users.list(&Actor::console()).await, Ok(Vec::new()));
    }

    /// A2 in small: accounts are for whoever holds the permission.
    async fn accounts_are_managed_by_administrators_only(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &["Default Security Administrator"]).await;
        let users = &harness.services.users;
        let victim = &root.identity().principal;
        let refused = Error::NotPermitted;
        let eve = || new_user(principal(DomainType::Unixpwd, "", "eve"));
        assert_eq!(users.add(&bob, eve()).await, Err(refused.clone()));
        assert_eq!(users.list(&bob).await, Err(refused.clone()));
        assert_eq!(users.disable(&bob, victim).await, Err(refused.clone()));
        assert_eq!(users.enable(&bob, victim).await, Err(refused.clone()));
        assert_eq!(users.set_password(&bob, victim, PASSWORD.into()).await, Err(refused));
        let listed: Vec<_> = users
            .list(&root)
            .await
            .unwrap()
            .into_iter()
            .map(|user| (user.identity.to_string(), user.roles))
            .collect();
        assert_eq!(
            listed,
            [
                (":root:unixpwd:1000".to_owned(), vec!["Administrator".to_owned()]),
                (":bob:unixpwd:1001".to_owned(), vec!["Default Security Administrator".to_owned()]),
            ]
        );
    }

    /// A6.
    async fn the_last_administrator_stays(harness: Harness) {
        let one = harness.user("one", &["Administrator"]).await;
        let users = &harness.services.users;
        let last = Err(Error::Refused(Refusal::LastAdministrator));
        assert_eq!(users.disable(&one, &one.identity().principal).await, last);
        let two = harness.user("two", &["Administrator"]).await;
        users.disable(&one, &two.identity().principal).await.unwrap();
        assert_eq!(users.disable(&one, &one.identity().principal).await, last);
        users.enable(&one, &two.identity().principal).await.unwrap();
        users.disable(&one, &one.identity().principal).await.unwrap();
    }

    async fn two_administrators_cannot_disable_each_other_at_once(harness: Harness) {
        let one = harness.user("one", &["Administrator"]).await;
        let two = harness.user("two", &["Administrator"]).await;
        let users = &harness.services.users;
        let (first, second) = tokio::join!(
            users.disable(&one, &two.identity().principal),
            users.disable(&two, &one.identity().principal),
        );
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
    }

    /// ASVS 7.4.2.
    async fn disabling_a_user_ends_everything(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let sessions = &harness.services.sessions;
        let bob = sessions.sign_in(credentials("bob", PASSWORD), origin()).await.unwrap();
        let name = &bob.actor.identity().principal;
        harness.services.users.disable(&Actor::console(), name).await.unwrap();
        assert!(sessions.by_cookie(&bob.token.reveal(), origin()).await.is_err());
        assert!(sessions.sign_in(credentials("bob", PASSWORD), origin()).await.is_err());
        harness.services.users.enable(&Actor::console(), name).await.unwrap();
        // What ended stays ended.
        assert!(sessions.by_cookie(&bob.token.reveal(), origin()).await.is_err());
        assert!(sessions.sign_in(credentials("bob", PASSWORD), origin()).await.is_ok());
    }

    async fn a_password_set_by_somebody_else_must_be_replaced(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let users = &harness.services.users;
        let name = &bob.identity().principal;
        users.set_password(&Actor::console(), name, "a temporary one".into()).await.unwrap();
        let sessions = &harness.services.sessions;
        let again = sessions.sign_in(credentials("bob", "a temporary one"), origin()).await.unwrap();
        assert!(again.actor.password_change_needed());
        let users = &harness.services.users;
        users.change_password(&again.actor, "a temporary one".into(), PASSWORD.into()).await.unwrap();
        assert!(!harness.sign_in("bob").await.password_change_needed());
    }

    async fn the_first_administrator_is_made_once(harness: Harness) {
        let users = &harness.services.users;
        assert!(users.make_first_administrator().await.unwrap().is_some());
        assert!(users.make_first_administrator().await.unwrap().is_none());
        let listed = users.list(&Actor::console()).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].identity.to_string(), ":admin:unixpwd:1000");
        assert_eq!(listed[0].roles, ["Administrator"]);
    }

    /// A server with other secret files must not touch the database.
    async fn secrets_that_do_not_belong_to_the_database_stop_the_start(harness: Harness) {
        let other = tempfile::tempdir().unwrap();
        let ours = harness.data_dir.path();
        open(other.path(), None, OsEntropy).await.unwrap();
        let url = harness.database_url.as_deref();
        for (file, name) in [
            ("pepper", "the pepper"),
            ("audit-key", "the audit key"),
            ("token-key.pem", "the token key"),
        ] {
            let path = ours.join(file);
            let kept = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            let missing = open(ours, url, OsEntropy).await.err().unwrap();
            assert!(missing.starts_with("the database is in use with another"), "{missing}");
            assert!(!path.exists());
            std::fs::copy(other.path().join(file), &path).unwrap();
            let wrong = open(ours, url, OsEntropy).await.err().unwrap();
            assert!(wrong.starts_with(&format!("{name} does not belong")), "{wrong}");
            std::fs::write(&path, kept).unwrap();
            open(ours, url, OsEntropy).await.unwrap();
        }
    }

    async fn secret_files_are_for_their_owner_only(harness: Harness) {
        use std::os::unix::fs::PermissionsExt;
        let mut files = Vec::new();
        for entry in std::fs::read_dir(harness.data_dir.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
            files.push(entry.file_name().into_string().unwrap());
        }
        for file in ["pepper", "audit-key", "token-key.pem", "server-id"] {
            assert!(files.iter().any(|name| name == file), "{file}");
        }
    }
}

async fn open(
    data_dir: &Path,
    database_url: Option<&str>,
    entropy: impl SecretSource,
) -> Result<Services, String> {
    let options = options(data_dir, database_url);
    Services::open(options, Arc::new(SystemClock), Arc::new(entropy))
        .await
        .map_err(|error| error.to_string())
}
