//! Responses and metadata, changed by chance along what the parser does with them: nothing may
//! panic, and nothing may hold that says more than was signed (S1–S25 by luck).
#![no_main]

use std::{fs, path::Path, sync::OnceLock};

use libfuzzer_sys::fuzz_target;
use service::saml::{fuzzing::Target, idp::Provider};

static TARGET: OnceLock<Target> = OnceLock::new();

/// The corpus has to fit the key, so the key is kept beside it.
fn prepare() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = folder.join("corpus/saml_response");
    fs::create_dir_all(&corpus).expect("a folder for the corpus");
    let key = folder.join("corpus/key.pem");
    let pem = fs::read_to_string(&key).unwrap_or_else(|_| {
        let pem = Provider::make_key().expect("a key");
        fs::write(&key, pem.as_bytes()).expect("the key in its file");
        pem.to_string()
    });
    let target = Target::with_key(&pem).expect("a service provider");
    for (number, seed) in target.seeds().expect("responses").iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number}")), seed).expect("the seed in its file");
    }
    assert!(TARGET.set(target).is_ok(), "prepared twice");
}

fuzz_target!(init: prepare(), |bytes: &[u8]| {
    if let Some(target) = TARGET.get() {
        target.run(bytes);
    }
});
