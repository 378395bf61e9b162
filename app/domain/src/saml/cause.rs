//! Why a sign-in by SAML failed, in words for administrators. The person who tried sees none of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What is checked of an answer, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Check {
    /// It is a SAML message within the limits, without a document type.
    Readable,
    /// We asked for it, from this browser, lately.
    Asked,
    /// It is the provider's.
    Issuer,
    /// The provider says that it worked.
    Status,
    /// It is signed as it must be, by a certificate of the metadata.
    Signature,
    /// It is for this address.
    Addressed,
    /// It is for us.
    Audience,
    /// It is neither too early nor too late.
    Time,
    /// It was not used before.
    Once,
    /// It names somebody.
    Subject,
    /// The account lets them in.
    Account,
}

/// Every check, in the order in which it is told.
pub const CHECKS: [Check; 11] = [
    Check::Readable,
    Check::Asked,
    Check::Issuer,
    Check::Status,
    Check::Signature,
    Check::Addressed,
    Check::Audience,
    Check::Time,
    Check::Once,
    Check::Subject,
    Check::Account,
];

impl Check {
    /// What it says when it holds.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Readable => "The answer is a SAML message, small enough and without a DTD",
            Self::Asked => "We asked for it from this browser, not long ago",
            Self::Issuer => "It comes from this provider",
            Self::Status => "The provider says that the sign-in succeeded",
            Self::Signature => {
                "The assertion is signed, by SHA-2 and a certificate of the metadata that counts"
            }
            Self::Addressed => "Destination and recipient are this server",
            Self::Audience => "The audience is this server",
            Self::Time => "It is neither too early nor too late",
            Self::Once => "It was not used before",
            Self::Subject => "The attributes name one person",
            Self::Account => "The account is enabled and belongs to that person",
        }
    }
}

/// Why a sign-in failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// No SAML message.
    Unreadable,
    /// Beyond a limit.
    TooLarge,
    /// A document type: entities are how parsers are attacked (S14).
    DocumentType,
    /// Nobody here asked for it (S20).
    NotAsked,
    /// The browser that asked is another one (S25).
    OtherBrowser,
    /// It took too long.
    TooSlow,
    /// It answers another request of ours (S20).
    OtherRequest,
    /// Sent by nobody we know.
    UnknownProvider,
    /// Administrators switched the provider off.
    ProviderDisabled,
    /// It names another sender (S17, S23).
    OtherIssuer,
    /// The provider says that it failed.
    Status {
        /// The status codes, by their last part.
        codes: String,
    },
    /// Nothing is signed (S9).
    NotSigned,
    /// The assertion itself is not signed (S10).
    AssertionNotSigned,
    /// The signature does not fit.
    WrongSignature,
    /// What is signed is not what is said: wrapped (S1–S8, S12).
    Wrapped,
    /// Signed by a certificate that the metadata does not have (S11).
    OtherCertificate,
    /// Every certificate of the metadata is past its time, or before it (S24).
    CertificateExpired,
    /// Signed by something else than RSA with SHA-2 (S16).
    Algorithm {
        /// What it is signed by, by its last part. Empty: the method is strong, and something else
        /// of the signature is not accepted, such as a transform.
        used: String,
    },
    /// Encrypted, though the settings say that it is not.
    Encrypted,
    /// Not encrypted, though the settings say that it is.
    NotEncrypted,
    /// It cannot be decrypted.
    Undecipherable,
    /// For another address (S17).
    OtherDestination,
    /// The subject's confirmation is for another address, or there is none (S17).
    NotConfirmed,
    /// For another service, or for none (S17).
    OtherAudience,
    /// Not yet, or no longer (S18).
    Time {
        /// By how many seconds the provider's clock seems to be ahead of ours; negative: behind.
        ahead_seconds: Option<i64>,
    },
    /// The provider's session has ended already.
    SessionOver,
    /// Used before (S19).
    Replayed,
    /// Several assertions where there must be one.
    SeveralAssertions,
    /// A condition that we do not know.
    UnknownCondition,
    /// No `NameID`.
    NoNameId,
    /// A `NameID` that is drawn anew at each sign-in, chosen as the user name.
    TransientName,
    /// The attribute that is the user name is missing.
    NoUserAttribute,
    /// Several values where there must be one (S22).
    SeveralValues,
    /// What is no user name.
    UnusableName,
    /// More groups than we take.
    TooManyGroups,
    /// Nobody of that name has an account, and none is made.
    NoAccount,
    /// An administrator disabled the account.
    AccountDisabled,
    /// The name belongs to another subject of that provider.
    NameTaken,
    /// The subject belongs to another name.
    SubjectTaken,
    /// The library refused it for another reason.
    Other,
}

impl Cause {
    /// The check that failed.
    pub const fn check(&self) -> Check {
        match self {
            Self::Unreadable | Self::TooLarge | Self::DocumentType | Self::Other => Check::Readable,
            Self::NotAsked | Self::OtherBrowser | Self::TooSlow | Self::OtherRequest => {
                Check::Asked
            }
            Self::UnknownProvider | Self::ProviderDisabled | Self::OtherIssuer => Check::Issuer,
            Self::Status { .. } => Check::Status,
            Self::NotSigned
            | Self::AssertionNotSigned
            | Self::WrongSignature
            | Self::Wrapped
            | Self::OtherCertificate
            | Self::CertificateExpired
            | Self::Algorithm { .. }
            | Self::Encrypted
            | Self::NotEncrypted
            | Self::Undecipherable
            | Self::SeveralAssertions => Check::Signature,
            Self::OtherDestination | Self::NotConfirmed => Check::Addressed,
            Self::OtherAudience | Self::UnknownCondition => Check::Audience,
            Self::Time { .. } | Self::SessionOver => Check::Time,
            Self::Replayed => Check::Once,
            Self::NoNameId
            | Self::TransientName
            | Self::NoUserAttribute
            | Self::SeveralValues
            | Self::UnusableName
            | Self::TooManyGroups => Check::Subject,
            Self::NoAccount | Self::AccountDisabled | Self::NameTaken | Self::SubjectTaken => {
                Check::Account
            }
        }
    }

    /// The checks that are known to have held when this one failed: those made earlier. Which come
    /// first: readable, status, signature, issuer, asked; then what the assertion says, in no
    /// promised order; then what we make of it.
    pub const fn passed(&self) -> &'static [Check] {
        const MADE: [Check; 10] = [
            Check::Readable,
            Check::Status,
            Check::Signature,
            Check::Issuer,
            Check::Asked,
            Check::Addressed,
            Check::Audience,
            Check::Time,
            Check::Once,
            Check::Subject,
        ];
        let so_many = match self {
            Self::Unreadable | Self::TooLarge | Self::DocumentType | Self::Other => 0,
            // Before the answer is looked into.
            Self::UnknownProvider
            | Self::ProviderDisabled
            | Self::NotAsked
            | Self::OtherBrowser
            | Self::TooSlow
            | Self::Encrypted
            | Self::NotEncrypted
            | Self::CertificateExpired
            | Self::Status { .. } => 1,
            Self::NotSigned
            | Self::AssertionNotSigned
            | Self::WrongSignature
            | Self::Wrapped
            | Self::OtherCertificate
            | Self::Algorithm { .. }
            | Self::Undecipherable
            | Self::SeveralAssertions => 2,
            Self::OtherIssuer => 3,
            Self::OtherRequest => 4,
            Self::OtherDestination
            | Self::NotConfirmed
            | Self::OtherAudience
            | Self::UnknownCondition
            | Self::Time { .. }
            | Self::SessionOver
            | Self::NoNameId => 5,
            Self::Replayed => 8,
            Self::TransientName
            | Self::NoUserAttribute
            | Self::SeveralValues
            | Self::UnusableName
            | Self::TooManyGroups => 9,
            Self::NoAccount | Self::AccountDisabled | Self::NameTaken | Self::SubjectTaken => 10,
        };
        MADE.split_at(so_many).0
    }

    /// What happened and what to do about it, for administrators.
    pub fn sentence(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Status { codes } => {
                return format!(
                    "The identity provider says that the sign-in failed: {codes}. Its own log has \
                     the reason."
                )
                .into();
            }
            Self::Algorithm { used } if used.is_empty() => {
                "The signature uses an algorithm or a transform that is not accepted. Set the \
                 provider to RSA with SHA-256, exclusive canonicalization, and no transform but the \
                 enveloped signature."
            }
            Self::Algorithm { used } => {
                return format!(
                    "The provider signs with {used}. Only RSA with SHA-256, SHA-384 or SHA-512 is \
                     accepted: SHA-1 can be forged. Set the provider to SHA-256."
                )
                .into();
            }
            Self::Time {
                ahead_seconds: Some(seconds),
            } => {
                let direction = if *seconds > 0 { "ahead of" } else { "behind" };
                return format!(
                    "The answer is out of its time: the provider's clock is {} {direction} ours. \
                     Set both clocks by NTP, or allow more clock skew in the settings.",
                    about_minutes(seconds.abs())
                )
                .into();
            }
            other => other.fixed_sentence(),
        })
    }

    const fn fixed_sentence(&self) -> &'static str {
        match self {
            Self::Unreadable => "What was sent is not a SAML response.",
            Self::TooLarge => "The response is larger than what is read.",
            Self::DocumentType => {
                "The response has a document type declaration, which no honest provider sends."
            }
            Self::NotAsked => {
                "Nobody asked for this response, or it was used already. If people start at the \
                 provider, allow IdP-initiated sign-in in the settings; a provider must also send \
                 RelayState back."
            }
            Self::OtherBrowser => {
                "The response came to another browser than the one that asked for it: somebody may \
                 have tried to sign in a stranger, or cookies are refused."
            }
            Self::TooSlow => "The response came more than ten minutes after it was asked for.",
            Self::OtherRequest => {
                "The response answers another request than the one of this sign-in."
            }
            Self::UnknownProvider => {
                "The response comes from a provider that is not among the settings."
            }
            Self::ProviderDisabled => "The provider is switched off in the settings.",
            Self::OtherIssuer => {
                "The response names another issuer than the provider that was asked. Compare the \
                 entity id in the provider's metadata."
            }
            Self::Status { .. } => "The identity provider says that the sign-in failed.",
            Self::NotSigned => "Nothing in the response is signed.",
            Self::AssertionNotSigned => {
                "The assertion itself is not signed, only the response around it. Set the provider \
                 to sign assertions."
            }
            Self::WrongSignature => {
                "The signature does not fit: the response was changed on its way, or signed with \
                 another key. If the provider has a new certificate, load its metadata again."
            }
            Self::Wrapped => {
                "What is signed is not what the response says: it was put together by somebody."
            }
            Self::OtherCertificate => {
                "The response is signed with a certificate that is not in the provider's metadata. \
                 If the provider has a new certificate, load its metadata again."
            }
            Self::CertificateExpired => {
                "Every signing certificate in the provider's metadata has expired, or does not \
                 count yet. Load its present metadata."
            }
            Self::Algorithm { .. } => "The signature's algorithm is not accepted.",
            Self::Encrypted => {
                "The assertion is encrypted. Switch on encrypted assertions for this provider."
            }
            Self::NotEncrypted => {
                "The assertion is not encrypted, though the settings demand it for this provider."
            }
            Self::Undecipherable => {
                "The assertion cannot be decrypted: the provider must encrypt with RSA-OAEP for the \
                 certificate in our metadata. Load our metadata there again."
            }
            other => other.later_sentence(),
        }
    }

    /// Of what is checked after the signature.
    const fn later_sentence(&self) -> &'static str {
        match self {
            Self::OtherDestination => {
                "The response is for another address. Compare the assertion consumer address at the \
                 provider with our metadata, and the setting public_url."
            }
            Self::NotConfirmed => {
                "The subject is not confirmed for this address: the recipient is another one, its \
                 time is over, or it answers another request. Compare the assertion consumer \
                 address at the provider with our metadata."
            }
            Self::OtherAudience => {
                "The assertion is for another audience, or for none. Compare the entity id at the \
                 provider with our metadata."
            }
            Self::Time { .. } => {
                "The answer is not yet valid, or no longer. Set both clocks by NTP, or allow more \
                 clock skew in the settings."
            }
            Self::SessionOver => "The provider's session is over already (SessionNotOnOrAfter).",
            Self::Replayed => "The response was used before: somebody sent it again.",
            Self::SeveralAssertions => "The response holds several assertions; one is expected.",
            Self::UnknownCondition => "The assertion has a condition that is not known here.",
            Self::NoNameId => {
                "The assertion has no NameID. Set the provider to send one, e.g. of the format \
                 persistent or emailAddress."
            }
            Self::TransientName => {
                "The NameID is transient, drawn anew at each sign-in, so nobody can be known by it. \
                 Choose an attribute as the user name, or have the provider send a persistent NameID."
            }
            Self::NoUserAttribute => {
                "The attribute that the settings choose as the user name is missing or empty. Have \
                 the provider send it, or choose another."
            }
            Self::SeveralValues => {
                "An attribute that must have one value has several, so it is not clear who it is."
            }
            Self::UnusableName => {
                "The user name is too long or has characters that no name may have."
            }
            Self::TooManyGroups => {
                "The assertion names more than 1000 groups. Have the provider send only those that \
                 concern this application."
            }
            Self::NoAccount => {
                "There is no account of that name, and this provider's settings make none at the \
                 first sign-in. Add the user, or switch that on."
            }
            Self::AccountDisabled => "The account is disabled.",
            Self::NameTaken => {
                "The user name belongs to another subject (NameID) of this provider. If the provider \
                 gave the name to somebody new, disable the old account."
            }
            Self::SubjectTaken => {
                "This subject (NameID) signed in under another user name before. If the person was \
                 renamed at the provider, choose an attribute as the user name that does not change."
            }
            _ => "The response was refused by the SAML library.",
        }
    }
}

/// A number of seconds, in words.
fn about_minutes(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_in_minutes_and_which_way() {
        let told = |ahead_seconds| Cause::Time { ahead_seconds }.sentence().into_owned();
        assert!(told(Some(600)).contains("is 10 minutes ahead of ours"));
        assert!(told(Some(-605)).contains("is 10 minutes behind ours"));
        assert!(told(Some(-90)).contains("is 90 seconds behind ours"));
        assert!(told(None).contains("no longer"));
    }

    #[test]
    fn what_is_told_names_what_to_do() {
        let sha1 = Cause::Algorithm {
            used: "rsa-sha1".to_owned(),
        };
        assert!(sha1.sentence().contains("rsa-sha1") && sha1.sentence().contains("SHA-256"));
        let failed = Cause::Status {
            codes: "Responder, AuthnFailed".to_owned(),
        };
        assert!(failed.sentence().contains("Responder, AuthnFailed"));
        assert_eq!(failed.check(), Check::Status);
        assert_eq!(Cause::Replayed.check(), Check::Once);
    }

    #[test]
    fn checks_are_told_in_one_order() {
        assert!(CHECKS.is_sorted());
        for check in CHECKS {
            assert!(!check.sentence().is_empty());
        }
    }
}
