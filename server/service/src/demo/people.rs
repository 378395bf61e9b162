//! Who is in the demonstration, and what becomes of their keys.

use domain::{
    error::{Error, FieldError},
    principal::{DomainType, Identity, Principal},
};

use super::Account;

/// Everybody's password.
pub const PASSWORD: &str = "try latchkey out";

/// The identity provider of those who sign in by SAML.
pub(super) const PROVIDER: &str = "example-idp";

/// Custom roles of the story.
pub(super) const HELP_DESK: &str = "Help Desk";
pub(super) const AUDITOR: &str = "Auditor";
pub(super) const KEY_OPERATOR: &str = "Key Operator";
const ADMINISTRATOR: &str = "Administrator";
const SECURITY: &str = "Default Security Administrator";
const APPROVER: &str = "Default Multi-Person Authorization Approver";

/// Somebody.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) saml: bool,
    pub(super) role: Option<&'static str>,
    /// For whoever tries the demonstration. Empty: not pointed out.
    about: &'static str,
    pub(super) key: Option<KeyStory>,
}

/// The story of a key, in days before today.
pub(super) struct KeyStory {
    pub(super) made: u32,
    pub(super) valid_days: u64,
    pub(super) by: By,
    pub(super) description: &'static str,
    pub(super) used: &'static [u32],
    pub(super) end: End,
}

/// Who made the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Owner,
    Administrator,
}

/// What became of a key.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// It is as it was made: active, inactive or expired by now.
    Stays,
    /// Its owner deleted it.
    Deleted(u32),
    /// An administrator deleted it.
    Removed(u32),
    /// It was replaced at once.
    Reissued(u32),
    /// It was replaced some hours ago, and works until tomorrow.
    Retiring,
    /// Its owner was disabled.
    Disabled(u32),
}
use By::{Administrator, Owner};
use End::{Deleted, Disabled, Reissued, Removed, Retiring, Stays};

impl Person {
    pub(super) fn principal(&self) -> Result<Principal, Error> {
        let (domain_type, domain) = if self.saml {
            (DomainType::Saml, PROVIDER)
        } else {
            (DomainType::Unixpwd, "")
        };
        let principal = Principal::new(domain_type, domain, self.name);
        principal.map_err(|(field, problem)| FieldError::new(field, problem).into())
    }

    /// Whether the account is this person's.
    pub(super) fn is(&self, user: &Identity) -> bool {
        self.principal().as_ref() == Ok(&user.principal)
    }

    /// Whom to sign in as.
    pub(super) fn account(&self) -> Option<Account> {
        let (name, about) = (self.name, self.about);
        (!about.is_empty()).then_some(Account { name, about })
    }
}

const fn local(name: &'static str, key: KeyStory) -> Person {
    Person {
        name,
        saml: false,
        role: None,
        about: "",
        key: Some(key),
    }
}

const fn saml(name: &'static str, key: KeyStory) -> Person {
    Person {
        saml: true,
        ..local(name, key)
    }
}

const fn official(name: &'static str, role: &'static str, about: &'static str) -> Person {
    Person {
        name,
        saml: false,
        role: Some(role),
        about,
        key: None,
    }
}

const fn key(
    made: u32,
    valid_days: u64,
    by: By,
    description: &'static str,
    used: &'static [u32],
    end: End,
) -> KeyStory {
    KeyStory {
        made,
        valid_days,
        by,
        description,
        used,
        end,
    }
}

/// Everybody, in the order of their accounts.
pub(super) const PEOPLE: &[Person] = &[
    official("admin", ADMINISTRATOR, "administrator: everything"),
    official("olivia", ADMINISTRATOR, "another administrator"),
    official(
        "sam",
        SECURITY,
        "security administrator: keys, roles, audit",
    ),
    official("petra", APPROVER, "approver"),
    official(
        "hannah",
        HELP_DESK,
        "help desk: sees everybody's keys, deletes them",
    ),
    official(
        "axel",
        AUDITOR,
        "auditor: sees keys and the audit trail, changes nothing",
    ),
    official(
        "kim",
        KEY_OPERATOR,
        "key operator: makes and reissues keys for others",
    ),
    Person {
        about: "a user with an active key",
        ..local(
            "bob",
            key(
                20,
                90,
                Owner,
                "CI: builds of the shop",
                &[19, 7, 1, 0],
                Stays,
            ),
        )
    },
    Person {
        about: "a user whose key ends in three days",
        ..local(
            "carla",
            key(
                27,
                30,
                Owner,
                "Nightly backup of db-2",
                &[26, 14, 2, 1],
                Stays,
            ),
        )
    },
    Person {
        about: "a user whose key has expired",
        ..local(
            "dieter",
            key(
                120,
                90,
                Owner,
                "Monthly report to finance",
                &[100, 61, 33],
                Stays,
            ),
        )
    },
    Person {
        about: "a user who has replaced a key; the old one works until tomorrow",
        ..local(
            "emma",
            key(
                80,
                180,
                Owner,
                "Deploys to production",
                &[79, 40, 3],
                Retiring,
            ),
        )
    },
    Person {
        about: "a user who deleted the key last week",
        ..local(
            "farid",
            key(
                90,
                120,
                Owner,
                "Trial of the new gateway",
                &[88],
                Deleted(8),
            ),
        )
    },
    Person {
        about: "a user without a key",
        key: None,
        ..local("greta", key(0, 1, Owner, "", &[], Stays))
    },
    local(
        "henrik",
        key(
            200,
            365,
            Owner,
            "Monitoring probe, Frankfurt",
            &[199, 120, 50, 0],
            Stays,
        ),
    ),
    local(
        "ines",
        key(
            150,
            365,
            Administrator,
            "Monitoring probe, Paris",
            &[149, 60],
            Stays,
        ),
    ),
    local(
        "jakob",
        key(23, 30, Owner, "CI: tests of the shop", &[20, 5], Stays),
    ),
    local(
        "katja",
        key(60, 80, Owner, "Nightly backup of db-1", &[59, 30, 4], Stays),
    ),
    local(
        "leon",
        key(75, 100, Administrator, "Inventory import", &[74], Stays),
    ),
    local(
        "marta",
        key(
            10,
            365,
            Owner,
            "Terraform for the staging network",
            &[],
            Stays,
        ),
    ),
    local(
        "nils",
        key(
            45,
            365,
            Administrator,
            "Ticket system integration",
            &[],
            Stays,
        ),
    ),
    local(
        "oksana",
        key(130, 365, Owner, "Log shipping", &[129, 99, 70], Stays),
    ),
    local(
        "pavel",
        key(
            300,
            365,
            Owner,
            "Old billing exporter",
            &[299, 250, 180],
            Stays,
        ),
    ),
    local(
        "quentin",
        key(180, 90, Owner, "Proof of concept", &[170], Stays),
    ),
    local(
        "rosa",
        key(
            95,
            90,
            Administrator,
            "Quarterly audit script",
            &[94, 50],
            Stays,
        ),
    ),
    local(
        "stefan",
        key(
            240,
            365,
            Owner,
            "Release tagging",
            &[239, 100, 30],
            Disabled(20),
        ),
    ),
    local(
        "tanja",
        key(
            110,
            365,
            Administrator,
            "Newsletter sync",
            &[],
            Disabled(45),
        ),
    ),
    local(
        "ulf",
        key(70, 365, Owner, "Chat notifications", &[69, 28], Removed(12)),
    ),
    local(
        "vera",
        key(50, 180, Owner, "Load tests", &[49, 26], Reissued(25)),
    ),
    local(
        "walter",
        key(160, 200, Owner, "DNS updates", &[159, 80, 6], Reissued(40)),
    ),
    local(
        "xenia",
        key(
            33,
            60,
            Administrator,
            "Nightly backup of mail",
            &[32, 9, 2],
            Stays,
        ),
    ),
    local(
        "yusuf",
        key(5, 30, Owner, "CI: mobile application", &[4, 1, 0], Stays),
    ),
    local(
        "zoe",
        key(85, 90, Owner, "Certificate renewal", &[84, 55, 15], Stays),
    ),
    local(
        "anton",
        key(
            58,
            60,
            Administrator,
            "Warehouse scanners",
            &[57, 20, 1],
            Stays,
        ),
    ),
    local(
        "birgit",
        key(14, 14, Owner, "Data migration", &[13, 10], Stays),
    ),
    saml(
        "clara.meyer@example.org",
        key(2, 30, Administrator, "Notebook jobs", &[], Stays),
    ),
    saml(
        "daniel.okafor@example.org",
        key(1, 1, Administrator, "Import of contracts", &[], Stays),
    ),
    saml(
        "elif.yilmaz@example.org",
        key(6, 90, Administrator, "Dashboards", &[], Stays),
    ),
    saml(
        "felix.roth@example.org",
        key(40, 30, Administrator, "Workshop", &[], Stays),
    ),
    saml(
        "gita.rao@example.org",
        key(
            35,
            60,
            Administrator,
            "Exports for research",
            &[],
            Removed(3),
        ),
    ),
];
