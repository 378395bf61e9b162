//! The list of users by name, page by page, and one of them.

use std::collections::HashMap;

use domain::{
    Instant,
    error::{Error, FieldError, Problem},
    key::{State, Tag},
    operation::{Operation, decide},
    permission::Whose,
    principal::{DomainType, Identity, MAX_NAME_CHARS, UserId, fold},
};

use super::Users;
use crate::{
    Actor,
    fault::Fault,
    roles,
    store::{
        Conn, keys as key_store, roles as role_store, second_factors,
        users::{
            self as store, UserRow,
            people::{self, PlacedRow, Range, Way},
        },
    },
};

/// Up to how many users are counted.
pub const MAX_COUNTED: u64 = 10_000;
/// The most users of a page.
pub const MAX_PAGE: u32 = 100;

/// Which page of the users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleQuery {
    /// What the name begins with, in any case. Empty: everybody.
    pub search: String,
    /// The user that the page comes after.
    pub after: Option<UserId>,
    /// The user that the page comes before.
    pub before: Option<UserId>,
    /// How many at most, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// A page of the users, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// The users.
    pub items: Vec<Person>,
    /// Whether there are some before.
    pub more_before: bool,
    /// Whether there are some after.
    pub more_after: bool,
    /// How many there are in all, up to one more than [`MAX_COUNTED`].
    pub count: u64,
}

/// A user as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub identity: Identity,
    /// The roles held besides what everyone holds. `None`: the caller may not see roles.
    pub roles: Option<Vec<HeldRole>>,
    /// The key.
    pub key: PersonKey,
    /// Whether *API Key Self-Service* was withdrawn from this account.
    pub self_service_withdrawn: bool,
    /// Since when it is disabled. `None`: it is not.
    pub disabled_at: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
}

/// A role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// A user's key as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonKey {
    /// The caller may not see keys.
    Hidden,
    /// There is none.
    Absent,
    /// There is one.
    Present(Tag, State),
}

/// One user, and what the caller can do about them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing that the page shows or offers"
)]
pub struct PersonPage {
    /// The user.
    pub person: Person,
    /// Whether it is the caller.
    pub own: bool,
    /// Whether *API Key Self-Service* is held at present.
    pub self_service: bool,
    /// Whether the caller may disable and enable accounts.
    pub may_disable: bool,
    /// Whether the caller may set this password.
    pub may_set_password: bool,
    /// Whether there is a second factor that the caller may take away.
    pub may_reset_factor: bool,
    /// Whether the caller may give and take roles, though not their own.
    pub may_assign: bool,
    /// The roles that the caller can give, by name.
    pub offered: Vec<String>,
    /// The held roles that the caller can take away, by name.
    pub removable: Vec<String>,
}

impl Users {
    /// A page of the users whose name begins with the text that is searched for.
    ///
    /// # Errors
    /// No permission, or `search` is too long.
    pub async fn people(&self, actor: &Actor, wanted: &PeopleQuery) -> Result<People, Error> {
        self.viewing(actor).await?;
        let ranges = ranges(&wanted.search)?;
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let limit = wanted.limit.clamp(1, MAX_PAGE);
        let (rows, more_before, more_after) = page(conn, &ranges, wanted, limit).await?;
        let mut count = 0;
        for range in &ranges {
            count += people::count(conn, range, MAX_COUNTED + 1).await?;
        }
        Ok(People {
            items: self.persons(conn, actor, rows).await?,
            more_before,
            more_after,
            count: count.min(MAX_COUNTED + 1),
        })
    }

    /// One user.
    ///
    /// # Errors
    /// No permission, or there is none of that number.
    pub async fn person(&self, actor: &Actor, id: UserId) -> Result<PersonPage, Error> {
        self.viewing(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let row = store::by_id(conn, id).await?.ok_or(Error::NotFound)?;
        let held = roles::held_by(conn, id).await?;
        let self_service = role_store::self_service_of(conn, id).await?;
        let person = self.persons(conn, actor, vec![row]).await?.pop();
        let person = person.ok_or(Error::NotFound)?;
        let (own, may) = (id == actor.identity.id, |operation| {
            actor.may(operation).is_ok()
        });
        let may_assign = may(Operation::AssignRoles);
        let may_set_password = may(Operation::SetPassword) && actor.rights.covers(held.rights);
        let factor = second_factors::of_user(conn, id).await?;
        let has_factor = factor.is_some_and(|factor| factor.confirmed_at.is_some());
        let holds = person.roles.iter().flatten().map(|role| role.id);
        let holds: Vec<_> = holds.collect();
        let (mut offered, mut removable) = (Vec::new(), Vec::new());
        if may_assign && !own {
            for role in roles::all(conn).await? {
                if holds.contains(&role.id) {
                    if roles::can_take(actor, &role) {
                        removable.push(role.name);
                    }
                } else if roles::can_give(actor, &role) {
                    offered.push(role.name);
                }
            }
        }
        Ok(PersonPage {
            own,
            self_service,
            may_disable: may(Operation::DisableUser),
            may_set_password: may_set_password && person.identity.principal.domain_type.is_local(),
            may_reset_factor: may_set_password && !own && has_factor,
            may_assign,
            offered,
            removable,
            person,
        })
    }

    async fn viewing(&self, actor: &Actor) -> Result<(), Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewUsers, whose, "users")
            .await
    }

    /// Users with their roles and keys: two queries, however many they are.
    async fn persons(
        &self,
        conn: &mut Conn<'_>,
        actor: &Actor,
        rows: Vec<UserRow>,
    ) -> Result<Vec<Person>, Fault> {
        let now = self.core.clock.now();
        let numbers: Vec<_> = rows.iter().map(|row| row.id).collect();
        let sees_roles = actor.may(Operation::ViewRoles).is_ok();
        let mut roles: HashMap<i64, Vec<HeldRole>> = HashMap::new();
        if sees_roles {
            for (user, id, name) in people::roles_of(conn, &numbers).await? {
                roles.entry(user).or_default().push(HeldRole { id, name });
            }
        }
        let keys = key_store::present_of(conn, &numbers).await?;
        let keys = keys.into_iter().map(|row| row.into_key(now));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let mut keys: HashMap<_, _> = keys
            .into_iter()
            .map(|key| (key.owner.id.0, (key.tag, key.state)))
            .collect();
        let person = |row: UserRow| {
            let whose = if row.id == actor.identity.id.0 {
                Whose::Own
            } else {
                Whose::Others
            };
            let sees_key = decide(Operation::ViewKey, whose, actor.rights, actor.via.means());
            let key = match (sees_key, keys.remove(&row.id)) {
                (Err(_), _) => PersonKey::Hidden,
                (Ok(()), None) => PersonKey::Absent,
                (Ok(()), Some((tag, state))) => PersonKey::Present(tag, state),
            };
            Ok(Person {
                identity: row.identity()?,
                roles: sees_roles.then(|| roles.remove(&row.id).unwrap_or_default()),
                key,
                self_service_withdrawn: row.self_service_withdrawn,
                disabled_at: row.disabled_at.map(Instant::from),
                created_at: row.created_at.0,
            })
        };
        rows.into_iter().map(person).collect()
    }
}

/// A page of all ranges together, and whether there is more before and after it.
async fn page(
    conn: &mut Conn<'_>,
    ranges: &[Range],
    wanted: &PeopleQuery,
    limit: u32,
) -> Result<(Vec<UserRow>, bool, bool), Fault> {
    let after = match wanted.after {
        Some(id) => people::place_of(conn, id).await?,
        None => None,
    };
    let before = match wanted.before {
        Some(id) if after.is_none() => people::place_of(conn, id).await?,
        _ => None,
    };
    let way = match (&after, &before) {
        (Some(place), _) => Way::After(place),
        (None, Some(place)) => Way::Before(place),
        (None, None) => Way::Beginning,
    };
    let backward = matches!(way, Way::Before(_));
    let mut rows = walk(conn, ranges, way, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    if backward {
        rows.reverse();
    }
    // What lies behind where the page was entered.
    let behind = match (way, rows.first(), rows.last()) {
        (Way::After(_), Some(first), _) => {
            let place = first.place();
            !walk(conn, ranges, Way::Before(&place), 1).await?.is_empty()
        }
        (Way::Before(_), _, Some(last)) => {
            let place = last.place();
            !walk(conn, ranges, Way::After(&place), 1).await?.is_empty()
        }
        _ => false,
    };
    let (more_before, more_after) = if backward {
        (more, behind)
    } else {
        (behind, more)
    };
    let rows = rows.into_iter().map(|placed| placed.row).collect();
    Ok((rows, more_before, more_after))
}

async fn walk(
    conn: &mut Conn<'_>,
    ranges: &[Range],
    way: Way<'_>,
    limit: u32,
) -> Result<Vec<PlacedRow>, Fault> {
    let mut found = Vec::new();
    for range in ranges {
        found.append(&mut people::walk(conn, range, way, limit).await?);
    }
    if ranges.len() > 1 {
        found.sort_by_key(PlacedRow::place);
        if matches!(way, Way::Before(_)) {
            found.reverse();
        }
        found.truncate(limit as usize);
    }
    Ok(found)
}

/// Where the names stand that begin with a text: local names as they are compared, and SAML
/// subjects as they are, but for the case of ASCII letters. The ranges never overlap.
fn ranges(search: &str) -> Result<Vec<Range>, Error> {
    let search = search.trim();
    if search.chars().count() > MAX_NAME_CHARS as usize {
        let max = MAX_NAME_CHARS;
        return Err(FieldError::new("search", Problem::TooLong { max }).into());
    }
    if search.is_empty() {
        return Ok(vec![Range {
            from: String::new(),
            to: None,
        }]);
    }
    // No name holds these, and one database refuses the first.
    let Some(literal) = (!search.chars().any(char::is_control)).then(|| lower(search)) else {
        return Ok(Vec::new());
    };
    let folded = fold(DomainType::Unixpwd, search).unwrap_or_else(|_| search.to_lowercase());
    let mut begins = vec![literal, lower(&folded)];
    begins.sort();
    begins.dedup();
    // A text that begins with the other is within its range.
    if let [first, second] = &begins[..]
        && second.starts_with(first.as_str())
    {
        begins.pop();
    }
    Ok(begins.into_iter().map(beginning_with).collect())
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// The texts that begin with one, in the order of their code points.
fn beginning_with(from: String) -> Range {
    let mut characters: Vec<char> = from.chars().collect();
    let mut to = None;
    while let Some(last) = characters.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            to = Some(characters.iter().chain([&next]).collect());
            break;
        }
    }
    Range { from, to }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(search: &str, name: &str) -> bool {
        let name = lower(name);
        ranges(search)
            .unwrap()
            .iter()
            .any(|range| name >= range.from && range.to.as_ref().is_none_or(|to| name < *to))
    }

    #[test]
    fn a_name_is_found_by_what_it_begins_with_in_any_case() {
        for (search, name) in [
            ("", "anybody"),
            ("b", "bob"),
            ("Bob", "bob"),
            ("bob", "Bob@idp.example"),
            (" bob ", "bobby"),
            ("É", "éva"),
            ("É", "Éva"),
            ("\u{10ffff}", "\u{10ffff}x"),
        ] {
            assert!(found(search, name), "{search:?} {name:?}");
        }
    }

    /// W8: what means something elsewhere means itself here.
    #[test]
    fn a_search_is_literal() {
        for search in [
            "%",
            "_",
            "b%",
            "*",
            "b*",
            "' or 1=1 --",
            "bobb",
            "ob",
            "c",
            "\0",
        ] {
            assert!(!found(search, "bob"), "{search:?}");
        }
        assert!(found("50%", "50%off"));
        assert!(ranges(&"a".repeat(129)).is_err());
    }

    #[test]
    fn ranges_never_overlap() {
        for search in ["a", "É", "ΑΣ", "ß", "İ", "ﬁ"] {
            let ranges = ranges(search).unwrap();
            if let [first, second] = &ranges[..] {
                assert!(
                    first.to.as_ref().is_none_or(|to| *to <= second.from),
                    "{search}"
                );
            }
        }
    }
}
