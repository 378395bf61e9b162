//! A certificate for trying TLS: a root of our own and what it signed, in the data directory.
//!
//! Each file begins with a line that says until when it holds and for whom, for people and for the
//! decision when to make a new one (RFC 7468 lets text stand before a block).

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use chrono::{Datelike, NaiveDate, TimeDelta};
use domain::Instant;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use zeroize::Zeroizing;

use super::{Contents, last_certificate};
use crate::files::{remove, replace};

/// The longest that browsers take.
const DAYS: TimeDelta = TimeDelta::days(397);
/// A new one is made this long before the end.
const MARGIN: TimeDelta = TimeDelta::days(30);
const ROOT_DAYS: TimeDelta = TimeDelta::days(3653);
const UNTIL: &str = "Valid until ";

pub(super) fn root_file(folder: &Path) -> PathBuf {
    folder.join("root.pem")
}

/// The certificate for `names`. What is missing, for others or near its end is made first; the
/// root stays as long as it can, because clients trust it.
pub(super) fn ensure(folder: &Path, names: &[String], now: Instant) -> io::Result<Contents> {
    let (root_path, path) = (root_file(folder), folder.join("server.pem"));
    let today = now.date_naive();
    let root = match read(&root_path)? {
        Some(root) if until(&root) > Some(today + DAYS + MARGIN) => root,
        _ => {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
            // What the old root signed is of no use to those who trust the new one.
            remove(&path)?;
            write(&root_path, make_root(today)?)?
        }
    };
    let text = match read(&path)? {
        Some(text) if until(&text) > Some(today + MARGIN) && is_for(&text, names) => text,
        _ => write(&path, make(&root, names, today)?)?,
    };
    Ok(Contents {
        certificates: last_certificate(&text).unwrap_or_default(),
        root: last_certificate(&root).unwrap_or_default(),
        key: text,
    })
}

/// The first line of a file, without its end.
fn note(day: NaiveDate, names: &[String]) -> String {
    format!("{UNTIL}{day} for {}", names.join(", "))
}

fn until(text: &str) -> Option<NaiveDate> {
    text.strip_prefix(UNTIL)?.get(..10)?.parse().ok()
}

fn is_for(text: &str, names: &[String]) -> bool {
    let first = text.lines().next();
    until(text).is_some_and(|day| first == Some(&*note(day, names)))
}

fn make_root(today: NaiveDate) -> io::Result<Zeroizing<String>> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = root_params(today)?.self_signed(&key);
    let certificate = certificate.map_err(io::Error::other)?;
    let first = note(today + ROOT_DAYS, &["signing".to_owned()]);
    Ok(file(&first, &key, &certificate.pem()))
}

/// All of a root that its key and the day when it was made do not say.
fn root_params(made_on: NaiveDate) -> io::Result<CertificateParams> {
    let name = format!("Latchkey self-signed root of {made_on}");
    let mut params = params(&[], &name, made_on, ROOT_DAYS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn make(root: &str, names: &[String], today: NaiveDate) -> io::Result<Zeroizing<String>> {
    let signer = KeyPair::from_pem(private_key(root)?).map_err(io::Error::other)?;
    let made_on = until(root).map_or(today, |end| end - ROOT_DAYS);
    let issuer = Issuer::new(root_params(made_on)?, signer);
    let mut params = params(names, "Latchkey", today, DAYS)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.signed_by(&key, &issuer).map_err(io::Error::other)?;
    Ok(file(&note(today + DAYS, names), &key, &certificate.pem()))
}

fn params(
    names: &[String],
    common_name: &str,
    today: NaiveDate,
    days: TimeDelta,
) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // Clocks differ.
    let (year, month, day) = parts(today - TimeDelta::days(1));
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = parts(today + days);
    params.not_after = date_time_ymd(year, month, day);
    Ok(params)
}

fn parts(day: NaiveDate) -> (i32, u8, u8) {
    let small = |number| u8::try_from(number).unwrap_or(1);
    (day.year(), small(day.month()), small(day.day()))
}

fn file(first: &str, key: &KeyPair, certificate: &str) -> Zeroizing<String> {
    let key = Zeroizing::new(key.serialize_pem());
    Zeroizing::new(format!("{first}\n{}{certificate}", *key))
}

/// `KeyPair::from_pem` reads the first block, which is the key.
fn private_key(text: &str) -> io::Result<&str> {
    let begin = text.find("-----BEGIN");
    let end = text.find("-----BEGIN CERTIFICATE-----");
    match (begin, end) {
        (Some(begin), Some(end)) if begin < end => Ok(&text[begin..end]),
        _ => Err(io::Error::other("root.pem was changed; remove it")),
    }
}

/// `None`: there is none.
fn read(path: &Path) -> io::Result<Option<Zeroizing<String>>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, text: Zeroizing<String>) -> io::Result<Zeroizing<String>> {
    replace(path, text.as_bytes())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use service::clock::{Clock, SystemClock};

    use super::*;

    fn names(of: &[&str]) -> Vec<String> {
        of.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("new");
        let (localhost, now) = (names(&["localhost"]), SystemClock.now());
        let first = ensure(&folder, &localhost, now).unwrap();
        let again = ensure(&folder, &localhost, now).unwrap();
        assert_eq!(first.digest(), again.digest());
        assert_eq!(first.root, again.root);
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), entry.metadata().unwrap().mode() & 0o777))
            .collect();
        files.sort();
        assert_eq!(
            files,
            [("root.pem".into(), 0o600), ("server.pem".into(), 0o600)]
        );
    }

    #[test]
    fn it_is_renewed_before_its_end_and_for_other_names_under_the_same_root() {
        let data = tempfile::tempdir().unwrap();
        let (localhost, now) = (names(&["localhost"]), SystemClock.now());
        let at = |days, names: &[String]| {
            ensure(data.path(), names, now + TimeDelta::days(days)).unwrap()
        };
        let first = at(0, &localhost);
        assert_eq!(at(366, &localhost).digest(), first.digest());
        let renewed = at(367, &localhost);
        assert_ne!(renewed.digest(), first.digest());
        assert_eq!(renewed.root, first.root);
        let renamed = at(367, &names(&["localhost", "keys.example.org"]));
        assert_ne!(renamed.digest(), renewed.digest());
        assert_eq!(renamed.root, first.root);
        // The root has to outlive what it signs.
        let last_of_root = 3653 - 397 - 30 - 1;
        assert_eq!(at(last_of_root, &localhost).root, first.root);
        let new_root = at(last_of_root + 1, &localhost);
        assert_ne!(new_root.root, first.root);
    }

    #[test]
    fn what_it_begins_with_says_until_when_and_for_whom() {
        let data = tempfile::tempdir().unwrap();
        let now = "2026-11-26T00:00:00Z".parse().unwrap();
        ensure(data.path(), &names(&["localhost", "::1"]), now).unwrap();
        let first = |file: &str| {
            let text = fs::read_to_string(data.path().join(file)).unwrap();
            text.lines().next().unwrap().to_owned()
        };
        assert_eq!(first("root.pem"), "Valid until 2036-11-26 for signing");
        assert_eq!(
            first("server.pem"),
            "Valid until 2027-12-28 for localhost, ::1"
        );
    }
}
