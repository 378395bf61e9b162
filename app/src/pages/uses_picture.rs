//! Pictures: bars drawn on the server, with a table for those who cannot see them.

use chrono::{Days, TimeDelta, Timelike};
use domain::Instant;
use leptos::prelude::*;

use crate::{format, ui::IntoWhole};

/// A bar and what it stands for.
struct Bar {
    name: String,
    value: u64,
}

/// A key's uses, hour by hour, the present hour last.
///
/// Without JavaScript: the same.
pub fn uses_picture(uses: &[u64], as_of: Instant) -> AnyView {
    let total: u64 = uses.iter().sum();
    let days = uses.len() / 24;
    let title = format!("Uses in the last {days} days");
    let summary = match total {
        0 => "Not used in this time.".to_owned(),
        total => format!("{} in all.", format::count(total, "use", "uses")),
    };
    let bars = uses.iter().rev().enumerate().map(|(back, value)| {
        let hours = i64::try_from(back).unwrap_or_default();
        let minutes = i64::from(as_of.minute());
        Bar {
            // Uses are counted by the hours of the clock.
            name: format::utc(as_of - TimeDelta::hours(hours) - TimeDelta::minutes(minutes)),
            value: *value,
        }
    });
    let mut bars: Vec<_> = bars.collect();
    bars.reverse();
    picture("uses", title, summary, "Hour", "Uses", bars)
}

/// How many keys end on each of the coming days, today first.
///
/// Without JavaScript: the same.
pub fn expiries_picture(keys: &[u64], as_of: Instant) -> AnyView {
    let total: u64 = keys.iter().sum();
    let title = format!("Expiring in the coming {} days", keys.len());
    let summary = match total {
        0 => "No key ends in this time.".to_owned(),
        total => format!("{} in all.", format::count(total, "key", "keys")),
    };
    let today = as_of.date_naive();
    let bars = keys.iter().enumerate().map(|(ahead, value)| {
        let day = today.checked_add_days(Days::new(ahead as u64));
        Bar {
            name: format::date(day.unwrap_or(today)),
            value: *value,
        }
    });
    picture("expiries", title, summary, "Day", "Keys", bars.collect())
}

/// The height of the tallest bar, in the picture's units.
const HEIGHT: u64 = 40;

/// One path for all bars: each is a stroke upwards from the ground, the tallest as high as the
/// picture, and none lower than a unit, so that one key among many can be seen.
fn path_of(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or_default();
    let drawn = bars.iter().enumerate().filter(|(_, bar)| bar.value > 0);
    let strokes = drawn.map(|(place, bar)| {
        // As wide as it takes: a count of uses has no limit.
        let height = (u128::from(bar.value) * u128::from(HEIGHT)).div_ceil(most.into());
        format!("M{place}.5 {HEIGHT}v-{height}")
    });
    strokes.collect::<Vec<_>>().concat()
}

fn picture(
    id: &'static str,
    title: String,
    summary: String,
    unit: &'static str,
    what: &'static str,
    bars: Vec<Bar>,
) -> AnyView {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or_default();
    let width = bars.len();
    let path = path_of(&bars);
    let rows = bars.into_iter().filter(|bar| bar.value > 0).map(|bar| {
        view! {
            <tr>
                <th scope="row">{bar.name}</th>
                <td>{bar.value}</td>
            </tr>
        }
    });
    let table = (most > 0).then(|| {
        view! {
            <details>
                <summary>"As a table"</summary>
                <table class="figures">
                    <thead>
                        <tr>
                            <th scope="col">{unit}</th>
                            <th scope="col">{what}</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </details>
        }
    });
    view! {
        <section class="card" aria-labelledby=id>
            <h2 class="subtitle" id=id>
                {title}
            </h2>
            <svg
                class="bars"
                viewBox=format!("0 0 {width} {HEIGHT}")
                preserveAspectRatio="none"
                aria-hidden="true"
            >
                <path d=path />
            </svg>
            <p class="quiet">{summary} {(most > 0).then(|| format!(" At most {most} at a time."))}</p>
            {table}
        </section>
    }
    .whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(values: &[u64]) -> String {
        let bar = |value: &u64| Bar {
            name: String::new(),
            value: *value,
        };
        path_of(&values.iter().map(bar).collect::<Vec<_>>())
    }

    #[test]
    fn the_tallest_bar_fills_the_picture_and_the_others_stand_to_it() {
        assert_eq!(path(&[1, 0, 2, 4]), "M0.5 40v-10M2.5 40v-20M3.5 40v-40");
        assert_eq!(path(&[7]), "M0.5 40v-40");
    }

    #[test]
    fn little_beside_much_can_be_seen() {
        assert_eq!(path(&[1, 1_000_000]), "M0.5 40v-1M1.5 40v-40");
        assert_eq!(path(&[u64::MAX, 1]), "M0.5 40v-40M1.5 40v-1");
    }

    #[test]
    fn nothing_has_no_bar() {
        assert_eq!(path(&[]), "");
        assert_eq!(path(&[0, 0]), "");
    }
}
