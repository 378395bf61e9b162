//! Sign-in by SAML: whole responses, freshly signed by a real provider, through the whole router.

mod accounts;
mod attacks;
mod diagnosis;
mod flow;
mod logout;
mod mutations;
mod sign_out;
mod stage;
mod token;
mod too_large;

pub(crate) use self::stage::{Browser, Stage, provider};
