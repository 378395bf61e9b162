//! Lists: which items, in which order, which part of them.

use domain::filter::{Expr, SortKey};

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

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub count: u64,
}
