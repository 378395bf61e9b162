//! Who asks, by what means, from where.

use domain::{
    Instant,
    error::{Error, Refusal},
    expiry::SamlSession,
    key::Tag,
    operation::Means,
    permission::Rights,
    principal::{Identity, Principal, UserId},
    ticket::{TicketId, check_comment},
};

/// Where a request comes from, for the audit trail and the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address. Empty: not over a network.
    pub address: String,
    /// Names the request in log, audit trail and error documents.
    pub request_id: String,
    /// The reason the client gave (`X-NetBackup-Audit-Reason`).
    pub reason: Option<String>,
    /// What the client calls itself (`X-Client-ID`).
    pub client_id: Option<String>,
    /// The browser's name for itself, for one's list of sessions.
    pub user_agent: Option<String>,
}

/// By what a request is authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A browser session, by its number.
    Session(String),
    /// A token from a password sign-in, by its session's number.
    Token(String),
    /// An API key.
    Key(Tag),
    /// A token that was got with an API key.
    KeyToken(Tag, String),
    /// The command line beside the database.
    Console,
    /// The server's background work.
    Job,
    /// The approval of a ticket that runs by itself, for whoever asked for it.
    Ticket(TicketId),
}

impl Via {
    /// The kind, for the rules.
    pub const fn means(&self) -> Means {
        match self {
            Self::Session(_) => Means::Session,
            Self::Token(_) => Means::Token,
            Self::Key(_) => Means::Key,
            Self::KeyToken(..) => Means::KeyToken,
            Self::Console => Means::Console,
            Self::Job | Self::Ticket(_) => Means::Job,
        }
    }

    /// The session or token this is, if it is one.
    pub fn session_id(&self) -> Option<&str> {
        match self {
            Self::Session(id) | Self::Token(id) | Self::KeyToken(_, id) => Some(id),
            Self::Key(_) | Self::Console | Self::Job | Self::Ticket(_) => None,
        }
    }

    /// For the audit trail: the kind, and the tag where a key is behind it.
    pub(crate) fn audit_text(&self) -> String {
        match self {
            Self::Session(_) => "session".to_owned(),
            Self::Token(_) => "token".to_owned(),
            Self::Key(tag) => format!("key {tag}"),
            Self::KeyToken(tag, _) => format!("token of key {tag}"),
            Self::Console => "console".to_owned(),
            Self::Job => "job".to_owned(),
            Self::Ticket(id) => format!("approval of ticket {id}"),
        }
    }
}

/// An authenticated caller. Only this crate can make one, so whoever holds one was authenticated;
/// every use case asks for one, so forgetting to authorise does not compile.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) identity: Identity,
    pub(crate) rights: Rights,
    /// Holds *Default Security Administrator*: may manage all keys, unless the policy limits that.
    pub(crate) security_administrator: bool,
    pub(crate) via: Via,
    pub(crate) origin: Origin,
    pub(crate) password_change_needed: bool,
    /// Whether the policy asks for a second factor that is not set up.
    pub(crate) factor_needed: bool,
    /// The SAML session behind the web session, if there is one.
    pub(crate) saml: Option<SamlSession>,
    /// From when to when the credential holds. `None`: there is none.
    pub(crate) lifetime: Option<Lifetime>,
}

/// From when to when a credential holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// When it was issued.
    pub issued_at: Instant,
    /// When it ends at the latest.
    pub ends_at: Instant,
}

impl Actor {
    /// Whoever sits at the server's console and can open its database.
    pub fn console() -> Self {
        Self::of_the_house("console", Via::Console)
    }

    /// The server itself.
    pub fn job() -> Self {
        Self::of_the_house("latchkey", Via::Job)
    }

    fn of_the_house(name: &str, via: Via) -> Self {
        Self {
            identity: Identity {
                // User numbers start at 1000; 0 is the house.
                id: UserId(0),
                principal: Principal {
                    domain_type: domain::principal::DomainType::Unixpwd,
                    domain: String::new(),
                    name: name.to_owned(),
                },
            },
            rights: domain::role::BuiltInRole::Administrator.rights(),
            security_administrator: false,
            via,
            origin: Origin::default(),
            password_change_needed: false,
            factor_needed: false,
            saml: None,
            lifetime: None,
        }
    }

    /// Who.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Their account. `None`: the console and the server itself have none.
    pub(crate) const fn account(&self) -> Option<UserId> {
        match self.via {
            Via::Console | Via::Job => None,
            _ => Some(self.identity.id),
        }
    }

    /// What they may do at present.
    pub const fn rights(&self) -> Rights {
        self.rights
    }

    /// By what means.
    pub const fn via(&self) -> &Via {
        &self.via
    }

    /// The SAML session behind the web session, if there is one: for the hint in forms.
    pub const fn saml_session(&self) -> Option<SamlSession> {
        self.saml
    }

    /// From when to when the credential holds. `None`: at the console there is none.
    pub const fn lifetime(&self) -> Option<Lifetime> {
        self.lifetime
    }

    /// Whether all is permitted, as to administrators.
    pub const fn is_administrator(&self) -> bool {
        self.rights
            .covers(domain::role::BuiltInRole::Administrator.rights())
    }

    /// From where.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether the first password must be replaced before anything else.
    pub const fn password_change_needed(&self) -> bool {
        self.password_change_needed
    }

    /// Whether a second factor must be set up before anything else.
    pub const fn factor_needed(&self) -> bool {
        self.factor_needed
    }

    /// The same, for a reason that was typed into a form: whoever approves reads it.
    ///
    /// # Errors
    /// `reason` is too long, or holds characters that are not allowed.
    pub fn with_reason(mut self, reason: &str) -> Result<Self, Error> {
        let reason = check_comment(reason).map_err(|error| error.named("reason"))?;
        if !reason.is_empty() {
            self.origin.reason = Some(reason);
        }
        Ok(self)
    }

    /// Refuses all work while the first password stands, or a second factor is missing.
    pub(crate) const fn settled(&self) -> Result<(), Error> {
        if self.password_change_needed {
            Err(Error::Refused(Refusal::PasswordChangeNeeded))
        } else if self.factor_needed {
            Err(Error::Refused(Refusal::SecondFactorNeeded))
        } else {
            Ok(())
        }
    }
}
