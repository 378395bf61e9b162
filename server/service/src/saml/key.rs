//! The key that our SAML messages are signed with, and that providers encrypt for.
//!
//! Made when it is first needed: most servers never need it, and an RSA key takes a moment.

use std::{fs, io, path::PathBuf, sync::Arc};

use domain::audit::hex;
use rcgen::{
    CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::{
    core::{Core, Options},
    fault::Fault,
    secrets::{self, SAML_KEY},
    store,
};

/// A private key with its self-signed certificate, both as PEM.
pub(crate) struct SamlKey {
    pub(crate) private: Zeroizing<String>,
    pub(crate) certificate: String,
}

/// Where the key is, and the key once it was needed.
pub(crate) struct SamlKeyPlace {
    file: PathBuf,
    /// Whether the operator named the file: then it must be there.
    named: bool,
    data_dir: PathBuf,
    key: OnceCell<Arc<SamlKey>>,
}

impl SamlKeyPlace {
    pub(crate) fn new(options: &Options) -> Self {
        let set = options.saml_key_file.clone();
        Self {
            named: set.is_some(),
            file: set.unwrap_or_else(|| options.data_dir.join(SAML_KEY.file)),
            data_dir: options.data_dir.clone(),
            key: OnceCell::new(),
        }
    }
}

impl SamlKey {
    /// Reads both from one file.
    pub(crate) fn from_pem(text: &str) -> Option<Self> {
        let from = text.find("-----BEGIN CERTIFICATE-----")?;
        let (private, certificate) = text.split_at(from);
        KeyPair::from_pem(private).ok()?;
        Some(Self {
            private: Zeroizing::new(private.to_owned()),
            certificate: certificate.to_owned(),
        })
    }

    /// Tells keys apart without giving them away.
    pub(crate) fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.certificate.trim())[..8])
    }

    /// Makes a key and its certificate, in one text.
    pub(crate) fn generate() -> Result<Zeroizing<String>, rcgen::Error> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "Latchkey SAML");
        // Providers compare it byte for byte and never ask when it ends.
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2126, 1, 1);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        let certificate = params.self_signed(&key)?;
        let private = Zeroizing::new(key.serialize_pem());
        Ok(Zeroizing::new(format!("{}{}", *private, certificate.pem())))
    }
}

impl Core {
    /// The key, made at the first call.
    pub(crate) async fn saml_key(&self) -> Result<Arc<SamlKey>, Fault> {
        let place = &self.saml_key;
        let key = place
            .key
            .get_or_try_init(async || self.load_saml_key(place).await);
        key.await.cloned()
    }

    async fn load_saml_key(&self, place: &SamlKeyPlace) -> Result<Arc<SamlKey>, Fault> {
        let known = self.known_saml_key().await?;
        let (file, data_dir) = (place.file.clone(), place.data_dir.clone());
        let may_make = !place.named && known.is_none();
        let text = tokio::task::spawn_blocking(move || {
            let _lock = secrets::lock(&data_dir).map_err(|error| error.to_string())?;
            match fs::read_to_string(&file) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound && may_make => {
                    let text = SamlKey::generate().map_err(|cause| cause.to_string())?;
                    let written = secrets::write_secret(&file, text.as_bytes());
                    written.map_err(|cause| cause.to_string())?;
                    Ok(text)
                }
                read => read.map(Zeroizing::new).map_err(|cause| cause.to_string()),
            }
        })
        .await
        .map_err(|_| Fault::Broken("making the SAML key failed"))?
        .map_err(|cause| {
            tracing::error!(cause, file = %place.file.display(), "the SAML key is not there");
            Fault::Broken("the SAML key's file cannot be used")
        })?;
        let key = SamlKey::from_pem(&text).ok_or(Fault::Broken(
            "the SAML key's file holds no RSA key with a certificate",
        ))?;
        let mut tx = self.db.begin().await?;
        store::secrets::remember(&mut tx.conn(), SAML_KEY.name, &key.fingerprint()).await?;
        tx.commit_unrecorded().await?;
        if self.known_saml_key().await?.as_deref() != Some(&*key.fingerprint()) {
            return Err(Fault::Broken("another server made another SAML key"));
        }
        Ok(Arc::new(key))
    }

    async fn known_saml_key(&self) -> Result<Option<String>, Fault> {
        let mut reader = self.db.reader().await?;
        let known = store::secrets::all(&mut reader.conn()).await?;
        let found = known.into_iter().find(|(name, _)| name == SAML_KEY.name);
        Ok(found.map(|(_, fingerprint)| fingerprint))
    }
}
