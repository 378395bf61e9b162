//! Lists: which items, in which order, which part of them.

use domain::filter::{Expr, Literal, SortKey, order};

/// What is asked of a list over the fields `F`.
#[derive(Debug, Clone)]
pub struct Query<F> {
    /// Which items. `None`: the list's own choice.
    pub filter: Option<Expr<F>>,
    /// The order. The list itself decides between equals.
    pub sort: Vec<SortKey<F>>,
    /// How many to leave out.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

impl<F> Default for Query<F> {
    fn default() -> Self {
        Self {
            filter: None,
            sort: Vec::new(),
            offset: 0,
            limit: 0,
        }
    }
}

impl<F: Copy> Query<F> {
    /// The part that is asked for of a list that is at hand, given the fields' values; what is
    /// equal stays as it stands.
    pub fn page_of<T>(&self, mut all: Vec<T>, value: impl Fn(&T, F) -> Literal) -> Page<T> {
        if let Some(filter) = &self.filter {
            all.retain(|item| filter.matches(&|field| value(item, field)));
        }
        all.sort_by(|left, right| {
            let (left, right) = (|field| value(left, field), |field| value(right, field));
            order(&self.sort, &left, &right)
        });
        let count = all.len() as u64;
        let items = all.into_iter().skip(self.offset as usize);
        Page {
            items: items.take(self.limit as usize).collect(),
            count,
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub count: u64,
}
