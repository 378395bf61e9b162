//! S13, S22: what is said twice, in pieces, or in another language names nobody.

use domain::saml::{Cause, GroupRole};
use service::saml::idp::Statement;

use super::{
    Browser, Stage,
    xml::{changed, within},
};

/// What the provider says of anna, with these attributes alone.
fn said(stage: &Stage, browser: &Browser, attributes: &[(&str, &[&str])]) -> Statement {
    let mut statement = stage.statement(&browser.asked);
    let attributes = attributes.iter().map(|(name, values)| {
        let values = values.iter().map(|value| (*value).to_owned());
        ((*name).to_owned(), values.collect())
    });
    statement.attributes = attributes.collect();
    statement
}

const ANNA: &[(&str, &[&str])] = &[("uid", &["anna"])];

/// With the attribute `uid` as the user name, and a group that makes an administrator.
async fn stage() -> Stage {
    let stage = Stage::sqlite().await;
    let change = |settings: &mut domain::saml::ProviderSettings| {
        settings.user_attribute = "uid".to_owned();
        settings.group_roles = vec![GroupRole {
            group: "admins".to_owned(),
            role: "Administrator".to_owned(),
        }];
    };
    stage.decide(change).await;
    stage
}

/// Signs in, and says who came and whether the group's role did.
async fn who(stage: &Stage, browser: &Browser, xml: &str) -> (String, bool) {
    let cookie = stage.takes(browser, xml).await;
    let actor = stage.actor(&cookie).await.unwrap();
    let administrators = "select 'x' from user_role g join role r on r.id = g.role_id \
                          where r.name = 'Administrator'";
    (
        actor.identity().principal.name.clone(),
        !stage.app.select(administrators).await.is_empty(),
    )
}

#[tokio::test]
async fn s22_polluted_attributes_name_nobody() {
    let stage = stage().await;
    for (attributes, cause) in [
        (&[("uid", &["anna", "root"][..])][..], Cause::SeveralValues),
        (
            &[("uid", &["anna"]), ("uid", &["root"])],
            Cause::SeveralValues,
        ),
        (
            &[("uid", &["anna"]), ("uid", &["anna"])],
            Cause::SeveralValues,
        ),
        (&[("mail", &["a@b"])], Cause::NoUserAttribute),
        (&[("uid", &[])], Cause::NoUserAttribute),
        (&[("uid", &[""])], Cause::NoUserAttribute),
        (&[("UID", &["root"])], Cause::NoUserAttribute),
        (
            &[("uid", &["anna"]), ("mail", &["a@b", "c@d"])],
            Cause::SeveralValues,
        ),
    ] {
        let make = |browser: &Browser| {
            stage
                .idp
                .respond(&said(&stage, browser, attributes))
                .unwrap()
        };
        stage.refuses(make, cause).await;
    }
    let browser = stage.begin().await;
    let good = stage.idp.respond(&said(&stage, &browser, ANNA)).unwrap();
    assert_eq!(
        who(&stage, &browser, &good).await,
        ("anna".to_owned(), false)
    );
}

/// S22: groups that stand twice are the groups of both: any number of them is no contradiction.
#[tokio::test]
async fn s22_groups_that_stand_twice_are_taken_together() {
    let stage = stage().await;
    let browser = stage.begin().await;
    let attributes = &[
        ("groups", &["staff"][..]),
        ("uid", &["anna"]),
        ("groups", &["admins", "staff"]),
    ];
    let twice = stage
        .idp
        .respond(&said(&stage, &browser, attributes))
        .unwrap();
    assert_eq!(
        who(&stage, &browser, &twice).await,
        ("anna".to_owned(), true)
    );
}

/// S22: elements of the right name in the namespace of somebody else, signed all the same: instead of
/// the right ones, and beside them.
#[tokio::test]
async fn s22_elements_of_another_namespace_are_refused() {
    let stage = stage().await;
    for (from, to) in [
        (
            "<saml:AttributeStatement>",
            "<evil:AttributeStatement xmlns:evil=\"urn:evil\">",
        ),
        (
            "<saml:Attribute ",
            "<evil:Attribute xmlns:evil=\"urn:evil\" ",
        ),
        (
            "<saml:AttributeValue>",
            "<evil:AttributeValue xmlns:evil=\"urn:evil\">",
        ),
        ("<saml:NameID ", "<evil:NameID xmlns:evil=\"urn:evil\" "),
    ] {
        let close = |open: &str| format!("</{}>", open[1..].split([' ', '>']).next().unwrap());
        let make = |browser: &Browser| {
            let unsigned = stage.idp.unsigned(&said(&stage, browser, ANNA));
            let opened = within(&unsigned, from, to);
            stage
                .idp
                .sign(&within(&opened, &close(from), &close(to)), false)
                .unwrap()
        };
        stage.refuses(make, Cause::Unreadable).await;
    }
    for (from, beside) in [
        (
            "<saml:AttributeStatement>",
            "<saml:AttributeStatement><evil:Attribute xmlns:evil=\"urn:evil\" Name=\"uid\">\
             <evil:AttributeValue>root</evil:AttributeValue></evil:Attribute>",
        ),
        (
            "<saml:AttributeStatement>",
            "<evil:AttributeStatement xmlns:evil=\"urn:evil\"><evil:Attribute Name=\"groups\">\
             <evil:AttributeValue>admins</evil:AttributeValue></evil:Attribute>\
             </evil:AttributeStatement><saml:AttributeStatement>",
        ),
        (
            "<saml:AttributeValue>",
            "<evil:AttributeValue xmlns:evil=\"urn:evil\">root</evil:AttributeValue>\
             <saml:AttributeValue>",
        ),
        (
            "<saml:NameID ",
            "<evil:NameID xmlns:evil=\"urn:evil\">root</evil:NameID><saml:NameID ",
        ),
    ] {
        let make = |browser: &Browser| {
            let unsigned = stage.idp.unsigned(&said(&stage, browser, ANNA));
            stage
                .idp
                .sign(&within(&unsigned, from, beside), false)
                .unwrap()
        };
        stage.refuses(make, Cause::Unreadable).await;
    }
    // What stands within a value is no attribute.
    let browser = stage.begin().await;
    let unsigned = stage.idp.unsigned(&said(&stage, &browser, ANNA));
    let nested = "<saml:AttributeValue><saml:Attribute Name=\"groups\"><saml:AttributeValue>admins\
                  </saml:AttributeValue></saml:Attribute>";
    let xml = within(&unsigned, "<saml:AttributeValue>", nested);
    let signed = stage.idp.sign(&xml, false).unwrap();
    assert_eq!(
        who(&stage, &browser, &signed).await,
        ("anna".to_owned(), false)
    );
}

/// S13: a comment or a CDATA section in a value neither cuts it short nor makes two of it. Neither
/// is part of what is signed, so whoever carries the answer can put them in.
#[tokio::test]
async fn s13_a_comment_does_not_cut_a_name_or_a_group() {
    let stage = stage().await;
    let attributes = &[("uid", &["root.evil"][..]), ("groups", &["admins.evil"])];
    let unchanged = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    for (from, to) in [
        unchanged(">root.evil<", ">root<!---->.evil<"),
        unchanged(">root.evil<", "><!-- -->root.evil<"),
        unchanged(">root.evil<", ">root<![CDATA[.evil]]><"),
        unchanged(">root.evil<", "><![CDATA[root]]>.evil<"),
        unchanged(">admins.evil<", ">admins<!---->.evil<"),
        unchanged(">admins.evil<", ">admins<![CDATA[.evil]]><"),
        unchanged(">admins.evil<", "><![CDATA[admins]]>.evil<"),
        unchanged(">anna<", ">an<!---->na<"),
        unchanged(">anna<", ">an<![CDATA[na]]><"),
    ] {
        let browser = stage.begin().await;
        let signed = stage
            .idp
            .respond(&said(&stage, &browser, attributes))
            .unwrap();
        let xml = changed(&signed, &from, &to);
        assert_eq!(
            who(&stage, &browser, &xml).await,
            ("root.evil".to_owned(), false),
            "{to}"
        );
    }
    // The subject, too, where it is the user name.
    stage
        .decide(|settings| settings.user_attribute.clear())
        .await;
    let others = "select 'x' from app_user where name not in ('root.evil', 'ben.evil')";
    for to in [
        ">ben<!---->.evil<",
        ">ben<![CDATA[.evil]]><",
        "><![CDATA[ben]]>.evil<",
    ] {
        let browser = stage.begin().await;
        let mut statement = said(&stage, &browser, &[]);
        statement.name_id = "ben.evil".to_owned();
        let signed = stage.idp.respond(&statement).unwrap();
        let xml = changed(&signed, ">ben.evil<", to);
        assert_eq!(
            who(&stage, &browser, &xml).await,
            ("ben.evil".to_owned(), false),
            "{to}"
        );
    }
    assert!(stage.app.select(others).await.is_empty());
    // A processing instruction is part of what is signed.
    stage
        .decide(|settings| settings.user_attribute = "uid".to_owned())
        .await;
    let sessions = stage.app.rows("session").await;
    let browser = stage.begin().await;
    let signed = stage
        .idp
        .respond(&said(&stage, &browser, attributes))
        .unwrap();
    let answer = stage
        .answer(
            &browser,
            &changed(&signed, ">root.evil<", ">root<?x?>.evil<"),
        )
        .await;
    assert_eq!(
        (answer.status, stage.app.rows("session").await),
        (403, sessions)
    );
    let told = stage.app.latest_record("cause").await.unwrap();
    assert_eq!(told, Cause::WrongSignature.sentence());
}
