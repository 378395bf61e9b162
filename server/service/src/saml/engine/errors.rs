//! What the library's errors mean.

#![expect(
    clippy::match_same_arms,
    reason = "each line says what an error of the library means"
)]

use chrono::TimeDelta;
use domain::{Instant, saml::Cause};
use saml_rs::{
    SamlError,
    error::{SignatureVerificationReason, SubjectConfirmationReason, TimeWindowField},
};

use super::Peek;

/// In words for administrators, with the help of what the message says of itself.
pub(super) fn cause_of(error: &SamlError, peek: &Peek, skew: TimeDelta, now: Instant) -> Cause {
    let time = || Cause::Time {
        ahead_seconds: ahead(peek, skew, now),
    };
    match error {
        SamlError::Xml(text) if text.contains("DOCTYPE") => Cause::DocumentType,
        SamlError::Xml(text) if text.contains("EMPTY_ASSERTION") && peek.encrypted => {
            Cause::Encrypted
        }
        SamlError::Deflate(_) | SamlError::Base64(_) | SamlError::Xml(_) => Cause::Unreadable,
        SamlError::Invalid(text) if text.contains("nameID") => Cause::NoNameId,
        SamlError::Invalid(text) if text.contains("LIMIT_EXCEEDED") => Cause::TooLarge,
        SamlError::IssuerMismatch { .. } | SamlError::UnmatchIssuer => Cause::OtherIssuer,
        SamlError::DestinationMismatch { .. } | SamlError::UnmatchDestination => {
            Cause::OtherDestination
        }
        SamlError::InResponseToMismatch { .. }
        | SamlError::InvalidInResponseTo
        | SamlError::RelayStateMismatch { .. } => Cause::OtherRequest,
        SamlError::AudienceMismatch { .. } | SamlError::UnmatchAudience => Cause::OtherAudience,
        SamlError::UnrecognizedCondition { .. } => Cause::UnknownCondition,
        SamlError::PrincipalMismatch => Cause::SeveralAssertions,
        SamlError::StatusNotSuccess { .. }
        | SamlError::FailedStatus { .. }
        | SamlError::UndefinedStatus => Cause::Status {
            codes: peek.codes.join(", "),
        },
        SamlError::TimeWindowInvalid {
            field: TimeWindowField::SessionNotOnOrAfter,
        }
        | SamlError::ExpiredSession => match ahead(peek, skew, now) {
            None => Cause::SessionOver,
            found => Cause::Time {
                ahead_seconds: found,
            },
        },
        SamlError::TimeWindowInvalid { .. } => time(),
        SamlError::SubjectConfirmationInvalid { reason } => match reason {
            SubjectConfirmationReason::TimeWindowInvalid => time(),
            SubjectConfirmationReason::InResponseToMismatch => Cause::OtherRequest,
            _ if !peek.has_name_id && !peek.encrypted => Cause::NoNameId,
            _ => Cause::NotConfirmed,
        },
        SamlError::SubjectUnconfirmed => Cause::NotConfirmed,
        SamlError::ReplayDetected { .. } => Cause::Replayed,
        // Around an encrypted assertion, the library does not look for one.
        SamlError::SignatureMissing if !peek.algorithms.is_empty() => Cause::AssertionNotSigned,
        SamlError::SignatureMissing => Cause::NotSigned,
        SamlError::AssertionSignatureRequired => Cause::AssertionNotSigned,
        SamlError::SignatureVerification {
            reason: SignatureVerificationReason::RelayStateCorrelation,
        } => Cause::OtherRequest,
        SamlError::SignatureVerification { .. }
        | SamlError::FailedMessageSignatureVerification
        | SamlError::FailedToVerifySignature => signature_of(peek),
        SamlError::ReferenceResolution { .. }
        | SamlError::SignedReferenceMismatch
        | SamlError::PotentialWrappingAttack => Cause::Wrapped,
        SamlError::AlgorithmUnsupported => Cause::Algorithm {
            used: weak(peek).cloned().unwrap_or_default(),
        },
        SamlError::NoTrustedCertificate
        | SamlError::CertificateMismatch
        | SamlError::UnmatchCertificate => Cause::OtherCertificate,
        SamlError::Crypto(text) if text.contains("ENCRYPTED_ASSERTION") => Cause::NotEncrypted,
        SamlError::Crypto(_) | SamlError::Unsupported(_) if peek.encrypted => Cause::Undecipherable,
        SamlError::Crypto(_) | SamlError::Unsupported(_) => signature_of(peek),
        SamlError::ProtocolProfile(_) => Cause::Unreadable,
        _ => Cause::Other,
    }
}

/// By how much the provider's clock is ahead, if that is beyond what is allowed.
fn ahead(peek: &Peek, skew: TimeDelta, now: Instant) -> Option<i64> {
    let ahead = peek.issued_at? - now;
    (ahead.abs() > skew).then(|| ahead.num_seconds())
}

/// What a signature that does not fit is told as: the library knows no weak algorithm, so by one it
/// never fits.
fn signature_of(peek: &Peek) -> Cause {
    match weak(peek) {
        Some(weak) => Cause::Algorithm { used: weak.clone() },
        None => Cause::WrongSignature,
    }
}

/// RSA with SHA-2, or SHA-2 alone.
fn is_strong(used: &str) -> bool {
    let sha2 = ["sha256", "sha384", "sha512"];
    let hash = used.strip_prefix("rsa-").unwrap_or(used);
    sha2.contains(&hash)
}

/// An algorithm that is not of SHA-2. `None`: what is not supported is another thing, such as a
/// transform or a way to canonicalise.
fn weak(peek: &Peek) -> Option<&String> {
    peek.algorithms.iter().find(|used| !is_strong(used))
}
