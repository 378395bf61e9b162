use proptest::prelude::*;

use super::*;

fn assertion(attributes: &[(&str, &[&str])]) -> Assertion {
    Assertion {
        name_id: "n-1".to_owned(),
        name_id_format: String::new(),
        attributes: attributes
            .iter()
            .map(|(name, values)| {
                let values = values.iter().map(|value| (*value).to_owned());
                ((*name).to_owned(), values.collect())
            })
            .collect(),
        session_index: None,
        validated_at: "2026-11-22T08:00:00Z".parse().unwrap(),
        not_on_or_after: None,
    }
}

fn settings() -> ProviderSettings {
    ProviderSettings {
        name: "corp".to_owned(),
        user_attribute: "uid".to_owned(),
        mail_attribute: "mail".to_owned(),
        display_attribute: "cn".to_owned(),
        groups_attribute: "groups".to_owned(),
        ..ProviderSettings::default()
    }
}

#[test]
fn the_settings_choose_who_it_is() {
    let said = assertion(&[
        ("uid", &["anna"]),
        ("mail", &["anna@corp.example"]),
        ("cn", &["Anna\u{202e} Berg"]),
        ("groups", &["b", "a", "b", ""]),
        ("groups", &["c"]),
    ]);
    let found = person(&said, &settings()).unwrap();
    assert_eq!(found.principal.name, "anna");
    assert_eq!(found.principal.domain, "corp");
    assert_eq!(found.bound_to.as_deref(), Some("n-1"));
    assert_eq!(
        (&*found.mail, &*found.display_name),
        ("anna@corp.example", "Anna Berg")
    );
    assert_eq!(found.groups, ["a", "b", "c"]);
    let by_name_id = ProviderSettings {
        name: "corp".to_owned(),
        ..ProviderSettings::default()
    };
    assert_eq!(person(&said, &by_name_id).unwrap().principal.name, "n-1");
}

/// S22: what is said twice is said by nobody.
#[test]
fn an_attribute_that_must_be_one_is_refused_when_it_is_several() {
    for attributes in [
        &[("uid", &["anna", "root"][..])][..],
        &[("uid", &["anna"]), ("uid", &["root"])],
        &[("uid", &["anna"]), ("mail", &["a", "b"])],
    ] {
        assert_eq!(
            person(&assertion(attributes), &settings()),
            Err(Cause::SeveralValues)
        );
    }
}

#[test]
fn a_name_must_be_there_last_and_be_one() {
    for (attributes, cause) in [
        (&[][..], Cause::NoUserAttribute),
        (&[("uid", &[""][..])], Cause::NoUserAttribute),
        (&[("UID", &["anna"])], Cause::NoUserAttribute),
        (&[("uid", &["an\0na"])], Cause::UnusableName),
    ] {
        assert_eq!(person(&assertion(attributes), &settings()), Err(cause));
    }
    let transient = Assertion {
        name_id_format: TRANSIENT.to_owned(),
        ..assertion(&[("uid", &["anna"])])
    };
    assert_eq!(person(&transient, &settings()).unwrap().bound_to, None);
    let by_name_id = ProviderSettings {
        user_attribute: String::new(),
        ..settings()
    };
    assert_eq!(person(&transient, &by_name_id), Err(Cause::TransientName));
}

#[test]
fn five_hundred_groups_are_taken_and_a_thousand_and_one_are_not() {
    let groups = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("g{n}")).collect();
        let names: Vec<_> = names.iter().map(|name| &**name).collect();
        let said = assertion(&[("uid", &["anna"]), ("groups", &names)]);
        person(&said, &settings()).map(|person| person.groups.len())
    };
    assert_eq!(groups(500), Ok(500));
    assert_eq!(groups(1000), Ok(1000));
    assert_eq!(groups(1001), Err(Cause::TooManyGroups));
}

#[test]
fn groups_give_roles_by_the_letter() {
    let line = |group: &str, role: &str| GroupRole {
        group: group.to_owned(),
        role: role.to_owned(),
    };
    let mapping = [line("a", "R1"), line("b", "R2"), line("c", "R1")];
    let roles = |groups: &[&str]| {
        let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
        roles_of(&groups, &mapping).join(" ")
    };
    assert_eq!(roles(&["a", "c"]), "R1");
    assert_eq!(roles(&["b", "a"]), "R1 R2");
    assert_eq!(roles(&["A", "a ", "ab", ""]), "");
}

#[test]
fn a_mapping_reads_back() {
    let text = "CN=a=>b,DC=x => Auditor\n\n  Admins=>Administrator  ";
    let lines = parse_group_roles(text).unwrap();
    assert_eq!(
        write_group_roles(&lines),
        "CN=a=>b,DC=x => Auditor\nAdmins => Administrator"
    );
    assert!(parse_group_roles("Admins").is_err());
}

#[test]
fn settings_are_checked_field_by_field() {
    assert!(settings().checked().is_ok());
    let wrong = ProviderSettings {
        name: "a:b".to_owned(),
        clock_skew_seconds: 601,
        mail_attribute: "x\n".repeat(2) + "y",
        groups_attribute: String::new(),
        group_roles: vec![GroupRole {
            group: "a".to_owned(),
            role: String::new(),
        }],
        ..settings()
    };
    let fields: Vec<_> = wrong
        .checked()
        .unwrap_err()
        .into_iter()
        .map(|error| error.field)
        .collect();
    assert_eq!(
        fields,
        [
            "name",
            "clock_skew_seconds",
            "mail_attribute",
            "group_roles",
            "groups_attribute"
        ]
    );
}

/// L9's other half: the web session too ends with the provider's.
#[test]
fn a_session_ends_no_later_than_the_provider_s() {
    let now: Instant = "2026-11-22T08:00:00Z".parse().unwrap();
    let hours = chrono::TimeDelta::hours;
    let until = |end| Assertion {
        not_on_or_after: end,
        ..assertion(&[])
    };
    let end = |end| session_end(&until(end), now, hours(12));
    assert_eq!(end(None), now + hours(12));
    assert_eq!(end(Some(now + hours(1))), now + hours(1));
    assert_eq!(end(Some(now + hours(13))), now + hours(12));
}

/// S24.
#[test]
fn only_certificates_within_their_time_count() {
    let at = |text: &str| text.parse::<Instant>().unwrap();
    let certificate = |from: &str, to: &str| Certificate {
        base64: String::new(),
        subject: String::new(),
        fingerprint: format!("{from} {to}"),
        not_before: at(from),
        not_after: at(to),
    };
    let facts = Facts {
        entity_id: "e".to_owned(),
        sso_redirect: Some("https://idp.example:8443/sso?x".to_owned()),
        sso_post: Some("https://idp.example:8443/post".to_owned()),
        slo_redirect: None,
        slo_post: Some("http://other.example".to_owned()),
        wants_signed: false,
        certificates: vec![
            certificate("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            certificate("2025-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ],
    };
    let counting = |now: &str| facts.certificates_at(at(now)).map(|found| found.len());
    assert_eq!(counting("2025-06-01T00:00:00Z"), Ok(1));
    assert_eq!(counting("2025-12-15T00:00:00Z"), Ok(2));
    assert_eq!(counting("2026-06-01T00:00:00Z"), Ok(1));
    assert_eq!(
        counting("2027-01-01T00:00:01Z"),
        Err(Cause::CertificateExpired)
    );
    assert_eq!(
        facts.origins(),
        ["http://other.example", "https://idp.example:8443"]
    );
}

/// W3: nothing but an origin gets into the policy of a page.
#[test]
fn an_origin_is_of_plain_characters() {
    for hostile in [
        "",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "ftp://a",
        "https://a;script-src *",
        "https://a b/",
        "https://user@host/",
        "https://a'/",
        "//a",
    ] {
        assert_eq!(origin_of(hostile), None, "{hostile}");
    }
    assert_eq!(origin_of("http://[::1]:80?x"), Some("http://[::1]:80"));
}

proptest! {
    #[test]
    fn whatever_an_assertion_says_it_names_one_or_nobody(
        attributes in prop::collection::vec(("[a-c]{1,2}|uid|groups|mail", prop::collection::vec(".{0,8}", 0..4)), 0..6),
        name_id in ".{1,12}",
    ) {
        let said = Assertion { name_id, attributes, ..assertion(&[]) };
        if let Ok(person) = person(&said, &settings()) {
            prop_assert!(!person.principal.name.is_empty());
            prop_assert!(person.groups.is_sorted());
        }
    }
}

/// Every check of a test is told as it is known: those made before the one that failed held.
#[test]
fn a_report_tells_what_held_before_something_failed() {
    let outcomes = |cause: Cause| {
        let report = Report::failed(cause, Vec::new());
        let letter = |check: &Check| match report.outcome(*check) {
            Some(true) => '+',
            Some(false) => '-',
            None => '?',
        };
        CHECKS.iter().map(letter).collect::<String>()
    };
    // In the order of CHECKS: readable, asked, issuer, status, signature, addressed, audience,
    // time, once, subject, account.
    let status = Cause::Status {
        codes: String::new(),
    };
    let algorithm = Cause::Algorithm {
        used: String::new(),
    };
    let time = Cause::Time {
        ahead_seconds: None,
    };
    for (cause, told) in [
        (Cause::Unreadable, "-??????????"),
        (Cause::NotAsked, "+-?????????"),
        (Cause::UnknownProvider, "+?-????????"),
        (status, "+??-???????"),
        (Cause::CertificateExpired, "+???-??????"),
        (algorithm, "+??+-??????"),
        (Cause::SeveralAssertions, "+??+-??????"),
        (Cause::OtherIssuer, "+?-++??????"),
        (Cause::OtherRequest, "+-+++??????"),
        (Cause::OtherDestination, "+++++-?????"),
        (Cause::OtherAudience, "+++++?-????"),
        (time, "+++++??-???"),
        (Cause::NoNameId, "+++++????-?"),
        (Cause::Replayed, "++++++++-??"),
        (Cause::TooManyGroups, "+++++++++-?"),
        (Cause::NameTaken, "++++++++++-"),
    ] {
        assert_eq!(outcomes(cause.clone()), told, "{cause:?}");
    }
}
