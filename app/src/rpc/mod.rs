//! The server functions: who asks, the service's answer, nothing else. What is decided is decided
//! in the service.
//!
//! All are asked with the default encoding (a form's), so that every one of them can be the target
//! of a plain HTML form.

pub mod approval;
pub mod approval_settings;
pub mod audit;
pub mod bulk;
pub mod columns;
pub mod directory;
pub mod fault;
pub mod keys;
pub mod notices;
pub mod notifying;
pub mod packing;
pub mod profile;
pub mod providers;
pub mod reveal;
pub mod roles;
pub mod secret;
pub mod security;
pub mod settings;
pub mod sign_in;
pub mod theme;
pub mod tickets;
pub mod users;

#[cfg(feature = "ssr")]
mod address;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod cookies;

#[cfg(feature = "ssr")]
pub use self::theme::chosen as chosen_theme;

pub use self::{
    approval::Approval,
    approval_settings::{ApprovalPage, EndExemption, ExemptUser, LoadApprovalPage, SaveApproval},
    audit::{
        AuditPage, AuditRow, CheckAudit, Checked, Found, LoadAuditPage, MOST_RECORDS_COUNTED,
        Trouble,
    },
    bulk::{BulkDelete, BulkExtend, Extended, LoadBulkTags, MAX_STEP, SomeTags, StepResult},
    columns::ChooseColumns,
    directory::{
        AddForPage, CreateKeyFor, FindOwners, KeyOfPage, KeysPage, LoadAddForPage, LoadKeyOfPage,
        LoadKeysPage, LoadPulse,
    },
    fault::Fault,
    keys::{
        CreateKey, DeleteKey, KeyForm, KeyPage, LoadKeyForm, LoadKeyPage, OfferedKey, ReissueKey,
        UpdateKey,
    },
    notices::{
        ChooseNotices, LoadNoticesPage, MarkNoticeRead, MarkNoticesRead, NOTICES, NoticeRow,
        NoticesPage,
    },
    notifying::{
        AddWebhook, DeleteWebhook, DeliveryRow, DeliveryState, LoadNotifyingPage, LoadWebhookPage,
        NOTIFYING, NotifyingPage, PutSecretAway, ResendDelivery, SwitchWebhook, TestMail,
        TestWebhook, WebhookPage, WebhookRow,
    },
    packing::{Packed, Packing},
    profile::{LoadProfile, Profile, Rooms},
    providers::{
        CertificateRow, DeleteProvider, LoadProviderPage, LoadProvidersPage, LoadReportPage,
        LoadSignInPage, ProviderPage, ProviderRow, ProvidersPage, ReportPage, SaveProvider,
    },
    reveal::{Revealed, TakeReveal},
    roles::{
        DeleteRole, Hindrance, LoadRoleForm, LoadRolePage, LoadRolesPage, RoleForm, RolePage,
        RolesPage, SaveRole, SeenRole, SetDomainSelfService,
    },
    secret::Secret,
    security::{
        BeginSecondFactor, ChangePassword, ConfirmSecondFactor, EndOtherSessions, EndSession,
        Factor, LoadSecurityPage, LoadSessionLeft, PendingFactor, RemoveSecondFactor, SecurityPage,
        SessionKind, SessionLeft, SessionRow, StaySignedIn,
    },
    settings::{
        CountEndingAfter, LATER_THAN_SAML, LoadSettingsPage, SAML_EXPIRY, SavePolicy, SeenPolicy,
        SettingsPage,
    },
    sign_in::{SignIn, SignInCode, SignOut, is_own, own_path, sign_in_again},
    theme::{ChooseTheme, Theme},
    tickets::{
        CommentTicket, DecideTicket, ExecuteTicket, LoadTicketPage, LoadTicketsPage, MoveTicket,
        TicketPage, TicketRow, TicketsPage,
    },
    users::{
        AddUser, DisableUser, EnableUser, GiveRole, LoadUserForm, LoadUserPage, LoadUsersPage,
        MOST_COUNTED, ResetSecondFactor, SetSelfService, SetUserPassword, TakeRole, UserForm,
        UserKey, UserPage, UserRow, UsersPage,
    },
};
