//! Lists of tickets: filter, sort and part, as SQL.

use domain::{Instant, filter::Literal, ticket::Ticket};

use super::{TicketRow, select_ticket};
use crate::{
    fault::Fault,
    store::{
        Conn, Sql, Time,
        filter::{Columns, Ties, fetch_all, fetch_count, push_filter, push_part, push_place},
        keys::Visible,
        sql::Arg,
    },
    tickets::{TicketField, TicketQuery},
};

/// How many tickets match.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    query: &TicketQuery,
    visible: Visible,
    now: Instant,
) -> Result<u64, Fault> {
    let mut sql =
        Sql::new("select count(*) from ticket t join app_user u on u.id = t.requester_id ");
    push_where(&mut sql, query, visible, now);
    fetch_count(conn, sql).await
}

/// The tickets that match, in order.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    query: &TicketQuery,
    visible: Visible,
    now: Instant,
) -> Result<Vec<TicketRow>, Fault> {
    let mut sql = Sql::new(select_ticket!(""));
    push_where(&mut sql, query, visible, now);
    let columns = TicketColumns { now };
    push_place(&mut sql, query, TIES, &columns);
    push_part(&mut sql, query, TIES, &columns);
    fetch_all(conn, sql).await
}

const TIES: Ties = &["t.id"];

/// What a ticket has of the order.
pub(crate) fn key(ticket: &Ticket, query: &TicketQuery) -> Vec<Literal> {
    let sorted = query.sort.iter().map(|by| value(ticket, by.field));
    sorted.chain([Literal::Number(ticket.id.0)]).collect()
}

fn value(ticket: &Ticket, field: TicketField) -> Literal {
    let requester = &ticket.requester.principal;
    let action = ticket.proposal.action();
    let text = match field {
        TicketField::Id => return Literal::Number(ticket.id.0),
        TicketField::Requester => return Literal::Number(ticket.requester.id.0),
        TicketField::Created => return Literal::Instant(ticket.created_at),
        TicketField::Updated => return Literal::Instant(ticket.updated_at),
        TicketField::Expires => return Literal::Instant(ticket.expires_at),
        TicketField::RequesterName => &requester.name,
        TicketField::RequesterDomain => &requester.domain,
        TicketField::RequesterDomainType => requester.domain_type.as_str(),
        TicketField::State => ticket.state.as_str(),
        TicketField::Family => action.family(),
        TicketField::Action => action.as_str(),
    };
    Literal::Text(text.to_owned())
}

fn push_where(sql: &mut Sql, query: &TicketQuery, visible: Visible, now: Instant) {
    sql.push(match visible {
        Visible::Nothing => "where false",
        Visible::All | Visible::Own(_) => "where true",
    });
    if let Visible::Own(user) = visible {
        sql.push(" and t.requester_id = ");
        sql.bind(Arg::Int(user.0));
    }
    if let Some(filter) = &query.filter {
        sql.push(" and (");
        push_filter(sql, filter, &TicketColumns { now });
        sql.push(")");
    }
}

struct TicketColumns {
    now: Instant,
}

impl Columns for TicketColumns {
    type Field = TicketField;

    fn push(&self, sql: &mut Sql, field: TicketField) {
        let column = match field {
            TicketField::Id => "t.id",
            TicketField::Requester => "t.requester_id",
            TicketField::Created => "t.created_at",
            TicketField::Updated => "t.updated_at",
            TicketField::Expires => "t.expires_at",
            TicketField::RequesterName => "u.name",
            TicketField::RequesterDomain => "u.domain",
            TicketField::RequesterDomainType => "u.domain_type",
            TicketField::Action => "t.action",
            TicketField::Family => {
                "(case when t.action = 'MPA_CONFIGURATION_UPDATE' then 'MPA_CONFIGURATION' \
                  else 'API_KEYS' end)"
            }
            // The twin of `TicketState::at`.
            TicketField::State => {
                sql.push("(case when t.state in ('PENDING', 'APPROVED') and t.expires_at <= ");
                sql.bind(Arg::Time(Time(self.now)));
                " then 'EXPIRED' else t.state end)"
            }
        };
        sql.push(column);
    }
}
