//! One page a file.

pub mod add_for;
pub mod add_key;
pub mod add_user;
pub mod appearance;
pub mod approval;
pub mod approval_settings;
pub mod astray;
pub mod audit;
pub mod audit_record;
pub mod bulk;
pub mod bulk_results;
pub mod bulk_run;
pub mod bulk_work;
pub mod delete_key;
pub mod deleted_keys;
pub mod deliveries;
pub mod edit_key;
pub mod edit_role;
pub mod find_owner;
pub mod home;
pub mod how_to;
pub mod key;
pub mod key_details;
pub mod key_entries;
pub mod key_of;
pub mod keys;
pub mod keys_columns;
pub mod keys_filter;
pub mod keys_table;
pub mod loading;
pub mod meanwhile;
pub mod not_found;
pub mod notices;
pub mod notifying;
pub mod own_notices;
pub mod password;
pub mod policy_words;
pub mod provider;
pub mod provider_report;
pub mod providers;
pub mod refused;
pub mod reissue_key;
pub mod reveal;
pub mod revealed;
pub mod role;
pub mod roles;
pub mod second_factor;
pub mod security;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod sign_in_code;
pub mod ticket;
pub mod ticket_decision;
pub mod ticket_proposal;
pub mod ticket_steps;
pub mod tickets;
pub mod told;
pub mod trouble;
pub mod user;
pub mod user_factor;
pub mod user_password;
pub mod user_roles;
pub mod users;
pub mod uses_picture;
pub mod validity_field;
pub mod webhook;
pub mod whose;
pub mod withdrawn_domains;

pub use self::{
    add_for::AddForPage,
    add_key::AddKeyPage,
    delete_key::DeleteKeyPage,
    edit_key::EditKeyPage,
    home::HomePage,
    key::OwnKeyPage,
    key_of::{DeleteKeyOfPage, KeyOfPage},
    keys::KeysPage,
    not_found::NotFoundPage,
    own_notices::OwnNoticesPage,
    reissue_key::ReissueKeyPage,
    reveal::RevealPage,
    security::PasswordAndSessionsPage,
    settings::SettingsPage,
    sign_in::SignInPage,
    sign_in_code::SignInCodePage,
};
pub use self::{
    add_user::AddUserPage,
    approval_settings::ApprovalPage,
    audit::AuditPage,
    edit_role::EditRolePage,
    notifying::NotifyingPage,
    provider::{AddProviderPage, ProviderPage},
    provider_report::ReportPage,
    providers::ProvidersPage,
    role::RolePage,
    roles::RolesPage,
    ticket::{Decision, TicketPage},
    tickets::TicketsPage,
    user::{Asked, UserPage},
    users::UsersPage,
    webhook::WebhookPage,
};

#[cfg(feature = "ssr")]
pub use self::reveal::Shown;
