//! What every request handler shares.

use std::sync::Arc;

use service::{Services, entropy::SecretSource};

use crate::{Streams, config::Settings};

/// Tells a certificate as it is at present, as PEM.
pub type RootCertificate = Arc<dyn Fn() -> Arc<str> + Send + Sync>;

/// What every request handler shares. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub services: Services,
    /// What the operator decided.
    pub settings: Arc<Settings>,
    /// The certificate that clients trust this server by. `None`: there is no TLS here.
    pub root_certificate: Option<RootCertificate>,
    /// Names requests that come without a name.
    pub entropy: Arc<dyn SecretSource>,
    /// What tells open pages what is new.
    pub streams: Streams,
}
