//! What carries notices out of the house: mail and webhooks.

mod mail;
mod webhook;

use std::{io, pin::Pin, sync::Arc, time::Duration};

use domain::notice::{Audience, Notice, Trouble};
use service::{
    clock::Clock,
    notices::{Courier, Parcel, Way},
};

use self::{mail::Mailer, webhook::Caller};
use crate::config::{ConfigError, Settings};

/// How long an attempt may take, from the look-up of a name to the answer's end. The service leaves
/// whoever sends more time than this.
const PATIENCE: Duration = Duration::from_secs(30);

/// Carries notices by mail and to webhooks.
pub struct Post {
    /// `None`: nothing is sent by mail.
    mailer: Option<Arc<Mailer>>,
    caller: Arc<Caller>,
    /// The public address, for links. Never what a request says.
    public_url: String,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

impl Post {
    /// As the settings say.
    ///
    /// # Errors
    /// A message that names the setting.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        Self::within(settings, clock, PATIENCE)
    }

    /// The same, where an attempt may take so long.
    ///
    /// # Errors
    /// As [`Post::new`].
    pub fn within(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        patience: Duration,
    ) -> Result<Self, ConfigError> {
        let mailer = settings.mail.as_ref();
        let mailer = mailer.map(|mail| Mailer::new(mail, &settings.public_host(), patience));
        Ok(Self {
            mailer: mailer.transpose()?.map(Arc::new),
            caller: Arc::new(Caller::new(settings.webhook_networks.clone(), patience)),
            public_url: settings.public_url(),
            clock,
            patience,
        })
    }

    /// Sends a notice by mail at once, outside the outbox.
    ///
    /// # Errors
    /// What was in the way.
    pub async fn mail_now(&self, to: &str) -> Result<(), Trouble> {
        let now = self.clock.now();
        let parcel = Parcel {
            id: format!("test-{}", now.timestamp_micros()),
            way: Way::Mail(to.to_owned()),
            audience: Audience::Person,
            notice: Notice::test(now),
        };
        self.deliver(&parcel).await
    }

    async fn carry(&self, parcel: &Parcel) -> Result<(), Trouble> {
        match &parcel.way {
            Way::Mail(to) => {
                let mailer = self.mailer.clone().ok_or(Trouble::NoMailServer)?;
                let link = format!("{}{}", self.public_url, parcel.notice.path(parcel.audience));
                let message = mailer.message(to, parcel, &link)?;
                at_most(self.patience, move || mailer.send(&message)).await
            }
            Way::Webhook { url, .. } => {
                let caller = self.caller.clone();
                let body = parcel
                    .notice
                    .payload(&parcel.id, &self.public_url)
                    .to_string();
                let seconds = self.clock.now().timestamp();
                let signature = parcel
                    .signature(seconds, &body)
                    .ok_or(Trouble::Unwritable)?;
                let (url, id) = (url.clone(), parcel.id.clone());
                at_most(self.patience, move || {
                    caller.call(&url, &id, &signature, body)
                })
                .await
            }
        }
    }
}

impl Courier for Post {
    fn deliver<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send + 'a>> {
        Box::pin(self.carry(parcel))
    }
}

/// Does what blocks beside the requests, and waits for it for so long at most.
async fn at_most(
    patience: Duration,
    work: impl FnOnce() -> Result<(), Trouble> + Send + 'static,
) -> Result<(), Trouble> {
    match tokio::time::timeout(patience, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Trouble::Unwritable),
        Err(_) => Err(Trouble::TooSlow),
    }
}

/// Whether an error of input or output is one of TLS.
fn is_of_tls(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .is_some()
}
