//! The matrix (A1–A7): every operation × ownership × set of permissions × means, through every
//! door. What each door answers is what [`decide`] says, in that door's words; what is refused
//! changes nothing, what is allowed does.
//!
//! One stage serves all cells: before a cell the actors' role is given other grants, so each cell
//! also shows that rights count as they are at the request (A5). After a cell that changed
//! something the stage is put in order again.

mod browser;
mod rest;
mod saml;
mod service_door;
mod stage;

use domain::{
    error::{Conflict, Error, Refusal},
    operation::{Means, Operation, decide},
    permission::{Grants, Permission, Rights, Whose},
    role::BuiltInRole,
};
use service::testing::Harness;

use self::stage::Stage;

/// How a door can be asked for an operation.
enum Offer<T> {
    /// So.
    Call(T),
    /// Not at all, and why.
    NotHere(&'static str),
}

/// Where operations are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// `/netbackup`.
    Rest,
    /// The server functions behind the pages.
    Browser,
    /// The use cases themselves, as the command line and every door call them.
    Service,
}

impl Door {
    const ALL: [Self; 3] = [Self::Rest, Self::Browser, Self::Service];

    /// Asks for the operation. `None`: this door does not offer it.
    async fn ask(self, stage: &Stage, cell: Cell) -> Option<Result<(), String>> {
        let (operation, whose) = (cell.operation, cell.whose);
        let offered = match self {
            Self::Rest => match rest::offer(operation, whose, stage) {
                Offer::Call(request) => Ok(rest::ask(stage, cell, request).await),
                Offer::NotHere(reason) => Err(reason),
            },
            Self::Browser => match browser::offer(operation, whose, stage, cell).await {
                Offer::Call(form) => Ok(browser::ask(stage, cell, form).await),
                Offer::NotHere(reason) => Err(reason),
            },
            Self::Service => match service_door::ask(stage, cell).await {
                Offer::Call(result) => Ok(result.map_err(|error| format!("{error:?}"))),
                Offer::NotHere(reason) => Err(reason),
            },
        };
        offered
            .inspect_err(|reason| assert!(!reason.is_empty()))
            .ok()
    }

    /// How the door tells an error.
    fn told(self, error: &Error) -> String {
        match self {
            Self::Rest => rest::told(error),
            Self::Browser => browser::told(error),
            Self::Service => format!("{error:?}"),
        }
    }

    /// Whether credentials of this kind are looked at here.
    const fn takes(self, means: Means) -> bool {
        match self {
            Self::Rest => matches!(means, Means::Token | Means::Key | Means::KeyToken),
            Self::Browser => matches!(means, Means::Session),
            Self::Service => true,
        }
    }
}

/// What somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// A role of one's own making, on everything.
    Role(Grants),
    /// *API Key Self-Service*, on one's own.
    SelfService,
}

impl Held {
    const fn rights(self) -> Rights {
        match self {
            Self::Role(grants) => Rights::on_everything(grants),
            Self::SelfService => BuiltInRole::ApiKeySelfService.rights(),
        }
    }

    /// The sets that tell a rule for this operation from any other: none; each needed permission
    /// missing alone; exactly those needed; each permission alone (A2, A3); all; all but those on
    /// these things; one's own only (A1). What needs none is as free to all.
    fn sets(operation: Operation) -> Vec<Self> {
        let row = operation.row();
        if row.needs.is_empty() {
            return vec![
                Self::SelfService,
                Self::Role(Grants::NONE),
                Self::Role(Grants::ALL),
            ];
        }
        let one = |permission| Grants::one(row.namespace, permission);
        let of = |permissions: &mut dyn Iterator<Item = Permission>| {
            permissions.fold(Grants::NONE, |all, permission| all | one(permission))
        };
        let needed = || row.needs.iter().copied();
        let mut sets = vec![Grants::NONE, Grants::ALL, Grants::every(row.namespace)];
        sets.push(of(&mut needed()));
        for missing in row.needs {
            sets.push(of(&mut needed().filter(|permission| permission != missing)));
            sets.push(of(&mut Permission::ALL
                .into_iter()
                .filter(|permission| permission != missing)));
        }
        sets.extend(Permission::ALL.map(one));
        let elsewhere = Grants::ALL
            .iter()
            .filter(|(namespace, _)| *namespace != row.namespace);
        sets.push(
            elsewhere.fold(Grants::NONE, |all, (namespace, permission)| {
                all | Grants::one(namespace, permission)
            }),
        );
        let mut all = vec![Self::SelfService];
        for set in sets.into_iter().map(Self::Role) {
            if !all.contains(&set) {
                all.push(set);
            }
        }
        all
    }
}

/// One cell.
#[derive(Debug, Clone, Copy)]
struct Cell {
    operation: Operation,
    whose: Whose,
    held: Held,
    means: Means,
}

impl Cell {
    /// What the rules say, then what the present state says. `None`: it is done, or with approval a
    /// ticket is made.
    fn refusal(self, door: Door, approval: bool) -> Option<Error> {
        if !door.takes(self.means) {
            return Some(Error::Unauthenticated);
        }
        let rights = match self.means {
            Means::Console => BuiltInRole::Administrator.rights(),
            _ => self.held.rights(),
        };
        if let Err(error) = decide(self.operation, self.whose, rights, self.means) {
            return Some(error);
        }
        match (self.operation, self.whose) {
            // Whoever has no account has nothing to execute a ticket with.
            _ if approval && self.means == Means::Console && takes_approval(self.operation) => {
                Some(match self.operation {
                    Operation::RevokeKey => Error::Refused(Refusal::NotRevocable),
                    _ => Error::Refused(Refusal::NeedsApproval),
                })
            }
            // There are no service principals yet.
            (Operation::RevokeKey, _) => Some(Error::Refused(Refusal::NotRevocable)),
            // Whoever asks with a key has one.
            (Operation::CreateKey, Whose::Own) if self.means.is_key() => {
                Some(Error::Conflict(Conflict::HasKey))
            }
            _ => None,
        }
    }
}

/// Whose things there are to act on.
fn ownerships(operation: Operation) -> &'static [Whose] {
    match operation {
        Operation::ViewKey
        | Operation::CreateKey
        | Operation::UpdateKey
        | Operation::DeleteKey
        | Operation::ReissueKey
        | Operation::RevokeKey => &[Whose::Own, Whose::Others],
        Operation::ChangeOwnPassword | Operation::EndOwnSessions | Operation::UseNotices => {
            &[Whose::Own]
        }
        Operation::ViewUsers
        | Operation::CreateUser
        | Operation::DisableUser
        | Operation::SetPassword
        | Operation::ViewRoles
        | Operation::CreateRole
        | Operation::UpdateRole
        | Operation::DeleteRole
        | Operation::AssignRoles
        | Operation::ViewAudit
        | Operation::ViewPolicy
        | Operation::UpdatePolicy
        | Operation::ViewTickets
        | Operation::DecideTicket
        | Operation::ViewApproval
        | Operation::UpdateApproval
        | Operation::ViewNotifying
        | Operation::UpdateNotifying => &[Whose::Others],
    }
}

/// What the trail calls the operation, where every attempt at it is recorded, done or refused.
/// `None`: it only looks at something, which is recorded when it is refused.
const fn action(operation: Operation) -> Option<&'static str> {
    Some(match operation {
        Operation::CreateKey => "key.create",
        Operation::UpdateKey | Operation::RevokeKey => "key.update",
        Operation::DeleteKey => "key.delete",
        Operation::ReissueKey => "key.reissue",
        Operation::CreateUser => "user.create",
        Operation::DisableUser => "user.disable",
        Operation::SetPassword | Operation::ChangeOwnPassword => "user.password",
        Operation::CreateRole => "role.create",
        Operation::UpdateRole => "role.update",
        Operation::DeleteRole => "role.delete",
        Operation::AssignRoles => "role.assign",
        Operation::UpdatePolicy => "policy.update",
        Operation::DecideTicket => "ticket.approve",
        Operation::UpdateApproval => "approval.update",
        Operation::ViewAudit => "audit.read",
        Operation::EndOwnSessions => "session.end",
        Operation::UseNotices => "notice.choose",
        Operation::UpdateNotifying => "webhook.create",
        Operation::ViewKey
        | Operation::ViewUsers
        | Operation::ViewRoles
        | Operation::ViewPolicy
        | Operation::ViewTickets
        | Operation::ViewApproval
        | Operation::ViewNotifying => return None,
    })
}

/// Whether it needs approval, when that is on for everything.
const fn takes_approval(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::CreateKey
            | Operation::UpdateKey
            | Operation::DeleteKey
            | Operation::ReissueKey
            | Operation::RevokeKey
            | Operation::UpdateApproval
    )
}

/// Whether doing it changes anything but the trail.
const fn changes(operation: Operation) -> bool {
    !matches!(operation, Operation::ViewAudit) && action(operation).is_some()
}

/// Plays every cell of one door and returns how many there were.
async fn play(door: Door, mut stage: Stage) -> usize {
    let mut played = 0;
    for operation in Operation::ALL {
        for (index, held) in Held::sets(operation).into_iter().enumerate() {
            stage.hold(held).await;
            for whose in ownerships(operation).iter().copied() {
                for means in Means::ALL {
                    let cell = Cell {
                        operation,
                        whose,
                        held,
                        means,
                    };
                    // The command line has nothing of its own and always the same rights;
                    // background work asks for nothing.
                    let nobody = match means {
                        Means::Console => door != Door::Service || whose == Whose::Own || index > 0,
                        Means::Job => true,
                        _ => false,
                    };
                    if !nobody && check(door, &mut stage, cell).await {
                        played += 1;
                    }
                }
            }
        }
    }
    played
}

/// Plays one cell. `false`: the door does not offer the operation.
async fn check(door: Door, stage: &mut Stage, cell: Cell) -> bool {
    let before = match stage.seen.take() {
        Some(seen) => seen,
        None => stage.state().await,
    };
    let records = stage.records().await;
    let Some(answer) = door.ask(stage, cell).await else {
        stage.seen = Some(before);
        return false;
    };
    let expected = match cell.refusal(door, stage.approval) {
        Some(error) => Err(door.told(&error)),
        None => Ok(()),
    };
    assert_eq!(answer, expected, "{door:?} {cell:?}");
    let after = stage.state().await;
    let changed = after != before;
    // M8: with approval a ticket is made, and nothing else.
    let asked = stage.approval && answer.is_ok() && takes_approval(cell.operation);
    assert_eq!(
        stage.take_tickets().await,
        u64::from(asked),
        "{door:?} {cell:?}"
    );
    assert_eq!(
        changed,
        answer.is_ok() && changes(cell.operation) && !asked,
        "{door:?} {cell:?}: changed: {changed}"
    );
    let recorded = stage.recorded_since(records).await;
    let known = door.takes(cell.means);
    if asked {
        assert_eq!(recorded, ["ticket.request done"], "{door:?} {cell:?}");
    } else if let Some(action) = action(cell.operation) {
        let outcome = if answer.is_ok() { "done" } else { "refused" };
        let expected = known.then(|| format!("{action} {outcome}"));
        assert_eq!(
            recorded,
            expected.into_iter().collect::<Vec<_>>(),
            "{door:?} {cell:?}"
        );
    } else if (door, cell.operation) == (Door::Browser, Operation::ViewKey) {
        // The page of one's key was shown, without a key.
        assert_eq!(recorded, [""; 0], "{cell:?}");
    } else if answer.is_err() && known {
        assert!(
            !recorded.is_empty() && recorded.iter().all(|record| record == "read refused"),
            "{door:?} {cell:?}: {recorded:?}"
        );
    } else {
        assert_eq!(recorded, [""; 0], "{door:?} {cell:?}");
    }
    if changed {
        stage.put_in_order(cell).await;
    } else {
        stage.seen = Some(after);
    }
    true
}

async fn stage() -> Stage {
    Stage::set(Harness::sqlite().await).await
}

/// A1–A5, A9.
#[tokio::test]
async fn the_rest_api_does_what_the_rules_say() {
    let played = play(Door::Rest, stage().await).await;
    assert!(played > 400, "{played}");
}

/// A1–A5, A10.
#[tokio::test]
async fn the_browser_s_functions_do_what_the_rules_say() {
    let played = play(Door::Browser, stage().await).await;
    assert!(played > 300, "{played}");
}

/// A1–A5: also what no door offers yet, and the command line.
#[tokio::test]
async fn the_use_cases_do_what_the_rules_say() {
    let played = play(Door::Service, stage().await).await;
    assert!(played > 1000, "{played}");
}

/// M8: no operation of anybody who is not exempt changes a key, or the approval settings, without a
/// ticket; all others go on.
async fn with_approval() -> Stage {
    let mut stage = stage().await;
    stage.switch_approval_on().await;
    stage
}

#[tokio::test]
async fn with_approval_the_rest_api_makes_tickets_and_nothing_else() {
    let played = play(Door::Rest, with_approval().await).await;
    assert!(played > 400, "{played}");
}

#[tokio::test]
async fn with_approval_the_browser_s_functions_make_tickets_and_nothing_else() {
    let played = play(Door::Browser, with_approval().await).await;
    assert!(played > 300, "{played}");
}

#[tokio::test]
async fn with_approval_the_use_cases_make_tickets_and_nothing_else() {
    let played = play(Door::Service, with_approval().await).await;
    assert!(played > 1000, "{played}");
}

/// Everything can be done somewhere.
#[test]
fn every_door_is_played() {
    assert_eq!(Door::ALL.len(), 3);
    for operation in Operation::ALL {
        let sets = Held::sets(operation).len();
        assert!(
            sets >= 9 || operation.row().needs.is_empty(),
            "{operation:?}"
        );
        assert!(!ownerships(operation).is_empty());
    }
}
