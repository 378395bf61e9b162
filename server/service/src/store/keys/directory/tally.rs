//! Figures without counting: sums of `key_tally`, which triggers keep, over whole days and hours; what
//! is left at the edges, less than an hour of keys, is counted in an index.

use domain::{Instant, directory::MAX_COUNT};
use sqlx::FromRow;

use super::{
    fetch_all,
    slices::{Bound, Term},
};
use crate::{
    fault::Fault,
    store::{
        Conn, Db, Sql, run,
        sql::{Arg, bind_all},
    },
};

/// [`MAX_COUNT`].
const MAX_EDGE: u32 = 10_000;
const _: () = assert!(MAX_EDGE as u64 == MAX_COUNT);
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// How finely a measure is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    Hours,
    Days,
}

/// The number of an instant's day since 1970, in UTC.
pub(super) fn day(at: Instant) -> i64 {
    at.timestamp_micros().div_euclid(DAY)
}

/// The end of a day.
pub(super) fn last_of(day: i64) -> Instant {
    let micros = (day + 1) * DAY - 1;
    chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// A part of a stretch of time, in microseconds, from its first to before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// The length of its whole stretches; 1: it is an edge.
    unit: i64,
    from: i64,
    to: i64,
}

/// The days, hours and edges of a stretch of time. `i64::MIN` and `i64::MAX` mean no end.
fn pieces(grain: Grain, from: i64, to: i64) -> Vec<Piece> {
    let units: &[i64] = match grain {
        Grain::Hours => &[1, HOUR, DAY],
        Grain::Days => &[1, DAY],
    };
    let mut found = Vec::new();
    split(units, from, to, &mut found);
    found
}

fn split(units: &[i64], from: i64, to: i64, found: &mut Vec<Piece>) {
    let (unit, coarser) = match units {
        [] => return,
        [unit, coarser @ ..] => (*unit, coarser),
    };
    let mut push = |from, to| {
        if from < to {
            found.push(Piece { unit, from, to });
        }
    };
    let Some(coarse) = coarser.first() else {
        return push(from, to);
    };
    let up = match from {
        i64::MIN => from,
        from => -(-from).div_euclid(*coarse) * coarse,
    };
    let down = match to {
        i64::MAX => to,
        to => to.div_euclid(*coarse) * coarse,
    };
    if up < down {
        push(from, up);
        push(down, to);
        split(coarser, up, down, found);
    } else {
        push(from, to);
    }
}

#[derive(FromRow)]
struct PieceRow {
    figure: i64,
    edge: bool,
    keys: i64,
}

/// Adds up so many figures, all of one moment: how many keys each has; and whether that is all, or an
/// edge had more than [`MAX_COUNT`] and was not counted further.
pub(super) async fn add_up(
    conn: &mut Conn<'_>,
    sql: Sql,
    figures: usize,
) -> Result<Vec<(u64, bool)>, Fault> {
    let max = i64::from(MAX_EDGE);
    let mut totals = vec![(0, true); figures];
    let rows: Vec<PieceRow> = fetch_all!(conn, sql);
    for PieceRow { figure, edge, keys } in rows {
        let figure = usize::try_from(figure).ok();
        let Some((total, all)) = figure.and_then(|figure| totals.get_mut(figure)) else {
            return Err(Fault::Broken("a figure that was not asked for"));
        };
        let cut = edge && keys > max;
        *total += if cut { max } else { keys };
        *all &= !cut;
    }
    let unsigned = |(total, all)| Ok((unsigned(total)?, all));
    totals.into_iter().map(unsigned).collect()
}

/// Begins a part of a figure: `edge` and `keys` follow.
pub(super) fn push_part(sql: &mut Sql, figure: u32) {
    if !sql.is_empty() {
        sql.push(" union all ");
    }
    sql.push("select cast(").push_number(figure);
    sql.push(" as bigint) as figure, ");
}

/// The parts of figures, each the keys of some terms in all.
pub(super) fn totals_sql(figures: &[Vec<Term>], now: Instant) -> Sql {
    let mut sql = Sql::new("");
    for (figure, terms) in (0..).zip(figures) {
        for term in terms {
            let at = |bound: &Bound| bound.at(now).timestamp_micros();
            // Times are after the one and up to the other.
            let from = term.after.as_ref().map_or(i64::MIN, |bound| at(bound) + 1);
            let to = term.until.as_ref().map_or(i64::MAX, |bound| at(bound) + 1);
            for piece in pieces(term.grain, from, to) {
                push_part(&mut sql, figure);
                if piece.unit == 1 {
                    push_edge(&mut sql, term, piece);
                } else {
                    push_sum(&mut sql, term.measures, piece);
                }
            }
        }
    }
    sql
}

fn push_edge(sql: &mut Sql, term: &Term, piece: Piece) {
    sql.push("true as edge, count(*) as keys from (select 1 as one from api_key k where ");
    sql.push(term.condition);
    for (sign, bound) in [(" >= ", piece.from), (" < ", piece.to)] {
        sql.push(" and ").push(term.column).push(sign);
        sql.bind(Arg::Int(bound));
    }
    sql.push(" limit ").push_number(MAX_EDGE + 1).push(") x");
}

fn push_sum(sql: &mut Sql, measures: &'static str, piece: Piece) {
    sql.push("false as edge, cast(coalesce(sum(t.keys), 0) as bigint) as keys");
    push_stretches(sql, measures, piece);
}

/// Pushes where a piece's rows are.
fn push_stretches(sql: &mut Sql, measures: &'static str, piece: Piece) {
    sql.push(" from key_tally t where t.measure in (");
    sql.push(measures).push(") and t.span = ");
    sql.push(if piece.unit == HOUR { "1" } else { "24" });
    for (sign, bound) in [(" >= ", piece.from), (" < ", piece.to)] {
        if ![i64::MIN, i64::MAX].contains(&bound) {
            sql.push(" and t.stretch").push(sign);
            sql.bind(Arg::Int(bound / piece.unit));
        }
    }
}

fn unsigned(count: i64) -> Result<u64, Fault> {
    u64::try_from(count).map_err(|_| Fault::Broken("a negative count"))
}

#[derive(FromRow)]
struct DayRow {
    day: i64,
    keys: i64,
}

/// How many keys a term's measures have on each of the whole days from `first` on, each with its
/// number of days since 1970; days without any are left out.
pub(super) async fn per_day(
    conn: &mut Conn<'_>,
    measures: &'static str,
    first: i64,
    days: i64,
) -> Result<Vec<(i64, u64)>, Fault> {
    let piece = Piece {
        unit: DAY,
        from: first * DAY,
        to: (first + days) * DAY,
    };
    let mut sql = Sql::new("select t.stretch as day, cast(sum(t.keys) as bigint) as keys");
    push_stretches(&mut sql, measures, piece);
    sql.push(" group by t.stretch");
    let rows: Vec<DayRow> = fetch_all!(conn, sql);
    let row = |DayRow { day, keys }| Ok((day, unsigned(keys)?));
    rows.into_iter().map(row).collect()
}

#[derive(FromRow)]
struct TallyRow {
    measure: String,
    span: i64,
    stretch: i64,
    keys: i64,
}

/// Folds what was added to each figure into one row. Whoever folds the same rows at the same time
/// waits, and finds them gone.
pub(crate) async fn fold(db: &Db) -> Result<(), Fault> {
    let mut tx = db.begin().await?;
    let conn = &mut tx.conn();
    let mut rows = run!(conn, sqlx::query_as::<_, TallyRow>(
        "delete from key_tally where (measure, span, stretch) in \
         (select measure, span, stretch from key_tally group by 1, 2, 3 having count(*) > 1) \
         returning measure, span, stretch, keys",
    ) => fetch_all)?;
    let key = |row: &TallyRow| (row.measure.clone(), row.span, row.stretch);
    rows.sort_by_cached_key(key);
    for rows in rows.chunk_by(|one, other| key(one) == key(other)) {
        let keys: i64 = rows.iter().map(|row| row.keys).sum();
        let Some(row) = rows.first().filter(|_| keys != 0) else {
            continue;
        };
        run!(conn, sqlx::query(
            "insert into key_tally (measure, span, stretch, keys) values ($1, $2, $3, $4)",
        )
        .bind(&*row.measure)
        .bind(row.span)
        .bind(row.stretch)
        .bind(keys) => rows_affected)?;
    }
    tx.commit_unrecorded().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn covered(pieces: &[Piece]) -> i64 {
        pieces.iter().map(|piece| piece.to - piece.from).sum()
    }

    proptest! {
        #[test]
        fn pieces_are_the_stretch_and_its_edges_are_short(
            from in -3 * DAY..400 * DAY,
            length in 0..400 * DAY,
            hours: bool,
        ) {
            let (grain, fine) = if hours { (Grain::Hours, HOUR) } else { (Grain::Days, DAY) };
            let mut found = pieces(grain, from, from + length);
            found.sort_by_key(|piece| piece.from);
            prop_assert_eq!(covered(&found), length);
            let ends = found.windows(2).all(|two| two[0].to == two[1].from);
            prop_assert!(ends && found.iter().all(|piece| piece.from < piece.to));
            for piece in &found {
                let Piece { unit, from, to } = *piece;
                prop_assert!(from.rem_euclid(unit) == 0 && to.rem_euclid(unit) == 0);
                prop_assert!(unit != 1 || to - from < 2 * fine);
                prop_assert!(unit != HOUR || to - from < 2 * DAY);
            }
            let edges = found.iter().filter(|piece| piece.unit == 1).count();
            prop_assert!(edges <= 2 && found.len() <= 5);
        }
    }

    #[test]
    fn without_an_end_the_days_go_on() {
        let piece = |unit, from, to| Piece { unit, from, to };
        assert_eq!(
            pieces(Grain::Hours, 2 * DAY - HOUR - 1, i64::MAX),
            [
                piece(1, 2 * DAY - HOUR - 1, 2 * DAY - HOUR),
                piece(HOUR, 2 * DAY - HOUR, 2 * DAY),
                piece(DAY, 2 * DAY, i64::MAX),
            ]
        );
        assert_eq!(
            pieces(Grain::Days, i64::MIN, DAY),
            [piece(DAY, i64::MIN, DAY)]
        );
        assert_eq!(
            pieces(Grain::Hours, i64::MIN, i64::MAX),
            [piece(DAY, i64::MIN, i64::MAX)]
        );
    }
}
