//! Sign-in by SAML: whole responses, freshly signed by a real provider, through the whole router.

mod accounts;
mod addressed;
mod alone;
mod attacks;
mod cipher;
mod diagnosis;
mod encrypted;
mod flow;
mod logout;
mod mutations;
mod polluted;
mod sign_out;
mod signer;
mod stage;
mod token;
mod too_large;
mod transforms;
mod weak;
mod wrapped;
mod xml;

pub(crate) use self::stage::{Browser, Stage, provider};
