//! TLS: where the certificate comes from, and how it changes while the server runs.

mod self_signed;

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::Instant;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use service::clock::Clock;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// Holds the self-signed certificate and its root, in the data directory.
pub const FOLDER: &str = "tls-self-signed";
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Why a certificate cannot be used. A message for the operator that names the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotUse(String);

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The operator's own.
    Files {
        /// The certificate, then those that lead to its root, as PEM.
        certificate: PathBuf,
        /// Its private key, as PEM.
        key: PathBuf,
    },
    /// Made here, in this folder, for trying.
    SelfSigned(PathBuf),
}

impl Source {
    /// The certificate that clients should trust, as PEM: the last one of the operator's file, or
    /// the root that was made here.
    pub fn root(&self) -> Result<String, CannotUse> {
        let (path, missing) = match self {
            Self::Files { certificate, .. } => (certificate.clone(), ""),
            Self::SelfSigned(folder) => (
                self_signed::root_file(folder),
                "; it is made when the server starts with --tls-self-signed",
            ),
        };
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(|error| {
            CannotUse(format!("cannot read {}: {error}{missing}", path.display()))
        })?);
        last_certificate(&text)
            .ok_or_else(|| CannotUse(format!("there is no certificate in {}", path.display())))
    }
}

/// The certificate in use. Handshakes ask it, so that a new one holds from the next connection on.
#[derive(Debug)]
pub struct Tls {
    source: Source,
    /// Whom a certificate that is made here is for.
    names: Vec<String>,
    present: RwLock<Present>,
}

#[derive(Debug, Clone)]
struct Present {
    key: Arc<CertifiedKey>,
    root: Arc<str>,
    /// Of the files' contents.
    digest: u64,
}

impl Tls {
    /// Loads the certificate, and makes it first if that is what the operator wants: for `names`.
    ///
    /// # Errors
    /// What is wrong with which setting.
    pub fn load(source: Source, names: Vec<String>, now: Instant) -> Result<Arc<Self>, CannotUse> {
        let present = read(&source, &names, now)?.load(&source)?;
        Ok(Arc::new(Self {
            source,
            names,
            present: RwLock::new(present),
        }))
    }

    /// The certificate that clients should trust, as PEM.
    pub fn root(&self) -> Arc<str> {
        self.present().root
    }

    /// What makes TLS of a connection: versions 1.2 and 1.3, HTTP/1.1.
    ///
    /// # Errors
    /// Never, with the algorithms that are built in.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Looks at the files every two seconds, until dropped. What cannot be used is logged, once,
    /// and the certificate before stays in use.
    pub async fn keep_fresh(self: Arc<Self>, clock: impl Clock) {
        let mut refused = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let (tls, now) = (self.clone(), clock.now());
            let looked = tokio::task::spawn_blocking(move || tls.refresh(now)).await;
            match looked {
                Ok(Ok(true)) => {
                    refused = None;
                    tracing::info!("the certificate was read anew");
                }
                Ok(Err(error)) if refused.as_ref() != Some(&error) => {
                    tracing::warn!(%error, "the certificate before stays in use");
                    refused = Some(error);
                }
                Ok(Ok(false) | Err(_)) => {}
                Err(error) => tracing::error!(%error, "the certificate was not looked at"),
            }
        }
    }

    /// Whether there was something new.
    fn refresh(&self, now: Instant) -> Result<bool, CannotUse> {
        let contents = read(&self.source, &self.names, now)?;
        if contents.digest() == self.present().digest {
            return Ok(false);
        }
        let present = contents.load(&self.source)?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = present;
        Ok(true)
    }

    fn present(&self) -> Present {
        let present = self.present.read();
        present.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Tls {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.present().key)
    }
}

/// The algorithms that TLS is done with, here and by the client commands.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What stands in the files.
struct Contents {
    certificates: String,
    key: Zeroizing<String>,
    root: String,
}

fn read(source: &Source, names: &[String], now: Instant) -> Result<Contents, CannotUse> {
    match source {
        Source::Files { certificate, key } => {
            let certificates = read_file("tls_certificate_file", certificate)?;
            let root = last_certificate(&certificates).unwrap_or_default();
            Ok(Contents {
                certificates,
                key: read_file("tls_key_file", key)?.into(),
                root,
            })
        }
        Source::SelfSigned(folder) => self_signed::ensure(folder, names, now).map_err(|error| {
            CannotUse(format!(
                "The setting `tls_self_signed`: cannot use {}: {error}.",
                folder.display()
            ))
        }),
    }
}

impl Contents {
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificates, &*self.key).hash(&mut hasher);
        hasher.finish()
    }

    fn load(&self, source: &Source) -> Result<Present, CannotUse> {
        let told = |setting: &str, path: &Path, problem: &str| {
            CannotUse(format!(
                "The setting `{setting}`: {} {problem}.",
                path.display()
            ))
        };
        let (certificate_path, key_path) = match source {
            Source::Files { certificate, key } => (certificate, key),
            Source::SelfSigned(folder) => (folder, folder),
        };
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(self.certificates.as_bytes())
            .collect::<Result<_, _>>()
            .ok()
            .filter(|all: &Vec<_>| !all.is_empty())
            .ok_or_else(|| {
                let problem = "must hold a certificate in PEM";
                told("tls_certificate_file", certificate_path, problem)
            })?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|_| {
            let problem = "must hold a private key in PEM, without a passphrase";
            told("tls_key_file", key_path, problem)
        })?;
        let key = CertifiedKey::from_der(certificates, key, &provider()).map_err(|error| {
            use rustls::{Error::InconsistentKeys, InconsistentKeys::KeyMismatch};
            let problem = if error == InconsistentKeys(KeyMismatch) {
                "does not belong to the certificate in `tls_certificate_file`".to_owned()
            } else {
                format!("cannot be used with the certificate: {error}")
            };
            told("tls_key_file", key_path, &problem)
        })?;
        Ok(Present {
            key: Arc::new(key),
            root: self.root.as_str().into(),
            digest: self.digest(),
        })
    }
}

fn read_file(setting: &str, path: &Path) -> Result<String, CannotUse> {
    fs::read_to_string(path).map_err(|error| {
        let problem = match error.kind() {
            io::ErrorKind::InvalidData => "it is not PEM".to_owned(),
            _ => error.to_string(),
        };
        CannotUse(format!(
            "The setting `{setting}`: cannot read {}: {problem}.",
            path.display()
        ))
    })
}

/// The last certificate among blocks of PEM: the one nearest to the root.
fn last_certificate(text: &str) -> Option<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let block = &text[text.rfind(BEGIN)?..];
    let end = block.find(END)? + END.len();
    Some(format!("{}\n", &block[..end]))
}
