//! Mail: a message as text and as HTML, and the way to the mail server.

use std::{
    error::Error as _,
    io,
    time::{Duration, SystemTime},
};

use domain::notice::Trouble;
use lettre::{
    Message, SmtpTransport, Transport,
    address::Address,
    message::{Mailbox, MultiPart, header},
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::ExposeSecret;
use service::notices::Parcel;

use super::is_of_tls;
use crate::{
    config::{ConfigError, Mail, Security},
    html::escape,
};

/// The way to the mail server.
pub(super) struct Mailer {
    transport: SmtpTransport,
    sender: Mailbox,
    /// Stands behind the names of messages.
    host: String,
}

impl Mailer {
    /// As the settings say; `host` is how people call this server.
    pub(super) fn new(mail: &Mail, host: &str, patience: Duration) -> Result<Self, ConfigError> {
        let cannot = |what: &'static str| move |_| ConfigError::about("smtp_address", what);
        let sender: Address = mail
            .sender
            .parse()
            .map_err(|_| ConfigError::about("smtp_sender", "an address of mail"))?;
        let mut builder = SmtpTransport::builder_dangerous(&mail.host)
            .port(mail.port)
            .timeout(Some(patience / 3))
            .tls(match mail.security {
                Security::None => Tls::None,
                Security::StartTls => Tls::Required(parameters(mail).map_err(cannot("a name"))?),
                Security::Tls => Tls::Wrapper(parameters(mail).map_err(cannot("a name"))?),
            });
        if host.parse::<std::net::IpAddr>().is_err() && !host.is_empty() {
            builder = builder.hello_name(ClientId::Domain(host.to_owned()));
        }
        if let Some((user, password)) = &mail.login {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self {
            transport: builder.build(),
            sender: Mailbox::new(Some("Latchkey".to_owned()), sender),
            host: host.to_owned(),
        })
    }

    /// What is sent. Headers hold our own words and checked addresses only (W10); in the HTML,
    /// whatever people wrote is text (W2).
    pub(super) fn message(
        &self,
        to: &str,
        parcel: &Parcel,
        link: &str,
    ) -> Result<Message, Trouble> {
        let to: Address = to.parse().map_err(|_| Trouble::Unwritable)?;
        let subject = parcel.notice.subject(parcel.audience);
        let sentences = parcel.notice.sentences(parcel.audience);
        let text = format!(
            "{subject}.\n\n{}\n\n{link}\n\nLatchkey sent this. What comes by mail is chosen at \
             your notices.\n",
            sentences.join("\n\n")
        );
        Message::builder()
            .from(self.sender.clone())
            .to(Mailbox::new(None, to))
            .subject(format!("[Latchkey] {subject}"))
            .date(SystemTime::from(parcel.notice.at))
            // Whoever gets it twice can tell.
            .message_id(Some(format!("<{}@{}>", parcel.id, self.host)))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(
                text,
                html(&subject, &sentences, link),
            ))
            .map_err(|_| Trouble::Unwritable)
    }

    /// Hands a message to the mail server.
    pub(super) fn send(&self, message: &Message) -> Result<(), Trouble> {
        self.transport
            .send(message)
            .map(drop)
            .map_err(|error| trouble(&error))
    }
}

fn parameters(mail: &Mail) -> Result<TlsParameters, smtp::Error> {
    let mut builder = TlsParameters::builder(mail.host.clone());
    if let Some(roots) = &mail.roots {
        builder = builder.certificate_store(CertificateStore::None);
        for root in roots {
            builder = builder.add_root_certificate(Certificate::from_der(root.to_vec())?);
        }
    }
    builder.build()
}

fn trouble(error: &smtp::Error) -> Trouble {
    if let Some(code) = error.status() {
        return Trouble::Answered(code.into());
    }
    let mut source = error.source();
    while let Some(cause) = source {
        let of_input = cause.downcast_ref::<io::Error>();
        let kind = of_input.map(io::Error::kind);
        if matches!(
            kind,
            Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
        ) {
            return Trouble::TooSlow;
        }
        // A handshake that fails is told as an error of the connection.
        if cause.is::<rustls::Error>() || of_input.is_some_and(is_of_tls) {
            return Trouble::Tls;
        }
        source = cause.source();
    }
    // What the client itself refuses: to go on without TLS, or without a way to sign in.
    if error.is_tls() || error.is_client() {
        Trouble::Tls
    } else {
        Trouble::NoConnection
    }
}

fn html(subject: &str, sentences: &[String], link: &str) -> String {
    let paragraph = |text: &String| format!("<p>{}</p>", escape(text).replace('\n', "<br>"));
    let sentences: String = sentences.iter().map(paragraph).collect();
    let (subject, link) = (escape(subject), escape(link));
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{subject}</title>\
         </head><body><h1>{subject}</h1>{sentences}<p><a href=\"{link}\">{link}</a></p>\
         <p>Latchkey sent this. What comes by mail is chosen at your notices.</p></body></html>"
    )
}

/// Nobody is there to answer (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
