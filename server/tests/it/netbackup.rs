//! `/netbackup`.

mod access_control;
mod api_keys;
mod api_keys_changes;
mod api_keys_tag;
mod audit_logs;
mod conventions;
mod credentials;
mod login;
mod logout;
mod ping;
