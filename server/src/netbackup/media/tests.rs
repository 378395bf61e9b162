use super::*;

fn headers(accept: &[&str], content_type: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in accept {
        headers.append(header::ACCEPT, value.parse().unwrap());
    }
    for value in content_type {
        headers.append(header::CONTENT_TYPE, value.parse().unwrap());
    }
    headers
}

fn status(method: &Method, accept: &[&str], content_type: &[&str]) -> u16 {
    match check(method, &headers(accept, content_type), false) {
        Ok(()) => 200,
        Err(failure) => failure.status().as_u16(),
    }
}

#[test]
fn every_spelling_that_clients_use_is_accepted() {
    for text in [
        "application/vnd.netbackup+json;version=4.0",
        "application/vnd.netbackup+json; version=4.0",
        "application/vnd.netbackup+json;version=4",
        "application/vnd.netbackup+json;version=4.0;charset=UTF-8",
        "application/vnd.netbackup+json;charset=utf-8;version=\"4.0\"",
        "Application/VND.NetBackup+JSON;Version=4.0",
    ] {
        assert_eq!(status(&Method::POST, &[text], &[text]), 200, "{text}");
        assert_eq!(
            Version::of_answer(&headers(&[text], &[])).to_string(),
            "4.0"
        );
        assert_eq!(
            Version::of_answer(&headers(&[], &[text])).to_string(),
            "4.0"
        );
    }
    for text in [
        "*/*",
        "application/*",
        "application/json",
        "application/json;charset=UTF-8",
        MEDIA_TYPE,
    ] {
        assert_eq!(status(&Method::POST, &[text], &[]), 200, "{text}");
        assert_eq!(
            Version::of_answer(&headers(&[text], &[])).to_string(),
            "14.0"
        );
    }
    assert_eq!(status(&Method::POST, &[], &[]), 200);
    assert_eq!(status(&Method::POST, &[], &["application/json"]), 200);
}

/// Clients find the newest version by walking down through 406.
#[test]
fn versions_from_1_to_14_are_served_and_no_others() {
    for major in 1..=14 {
        let text = format!("{MEDIA_TYPE};version={major}.0");
        assert_eq!(status(&Method::GET, &[&text], &[]), 200, "{text}");
    }
    for version in [
        "0.0", "15.0", "14.1", "99", "", "-1", "+4", "4.", "4.0.0", "04x", "256", "x",
    ] {
        let text = format!("{MEDIA_TYPE};version={version}");
        assert_eq!(status(&Method::GET, &[&text], &[]), 406, "{text}");
        assert_eq!(status(&Method::POST, &[], &[&text]), 415, "{text}");
    }
}

#[test]
fn other_types_are_refused() {
    for text in [
        "text/html",
        "application/xml",
        "image/*",
        "json",
        "application/json;q=0",
    ] {
        assert_eq!(status(&Method::GET, &[text], &[]), 406, "{text}");
    }
    for text in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "*/*",
        "multipart/form-data",
        "",
    ] {
        assert_eq!(status(&Method::POST, &[], &[text]), 415, "{text}");
        assert_eq!(status(&Method::GET, &[], &[text]), 200, "{text}");
        assert_eq!(status(&Method::DELETE, &[], &[text]), 200, "{text}");
    }
    assert_eq!(
        status(
            &Method::POST,
            &[],
            &["application/json", "application/json"]
        ),
        415
    );
}

#[test]
fn of_several_types_the_best_liked_that_is_served_counts() {
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    assert_eq!(status(&Method::GET, &[browser], &[]), 200);
    let v = |version: u8| format!("{MEDIA_TYPE};version={version}.0");
    let both = format!("{};q=0.5, {}", v(3), v(4));
    assert_eq!(
        Version::of_answer(&headers(&[&both], &[])).to_string(),
        "4.0"
    );
    let unserved_first = [v(15), v(14), v(13)].join(",");
    assert_eq!(
        Version::of_answer(&headers(&[&unserved_first], &[])).to_string(),
        "14.0"
    );
    assert_eq!(
        Version::of_answer(&headers(&[&v(3), &v(4)], &[])).to_string(),
        "3.0"
    );
}

#[test]
fn two_versions_must_agree() {
    let v = |version: u8| format!("{MEDIA_TYPE};version={version}.0");
    assert_eq!(status(&Method::POST, &[&v(4)], &[&v(4)]), 200);
    assert_eq!(status(&Method::POST, &[&v(4)], &[&v(5)]), 400);
    assert_eq!(status(&Method::GET, &[&v(4)], &[&v(5)]), 400);
    assert_eq!(status(&Method::POST, &[&v(4)], &["application/json"]), 200);
}

/// `PowerShell` and `curl -d ''` name the type of a form with an empty body.
#[test]
fn the_type_of_no_body_does_not_matter_but_its_version_does() {
    let empty = |accept: &[&str], content_type: &str| {
        check(&Method::POST, &headers(accept, &[content_type]), true)
    };
    assert_eq!(empty(&[], "application/x-www-form-urlencoded"), Ok(()));
    let v = |version: u8| format!("{MEDIA_TYPE};version={version}.0");
    assert!(empty(&[&v(4)], &v(5)).is_err());
}
