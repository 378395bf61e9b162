//! How instants are stored: whole microseconds since the epoch. Nanoseconds do not survive
//! PostgreSQL, and text would not compare.

use chrono::DateTime;
use domain::Instant;
use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

/// An instant as a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Instant);

impl From<Time> for Instant {
    fn from(time: Time) -> Self {
        time.0
    }
}

impl<DB: Database> Type<DB> for Time
where
    i64: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <i64 as Type<DB>>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        <i64 as Type<DB>>::compatible(ty)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Time
where
    i64: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let micros = <i64 as Decode<'r, DB>>::decode(value)?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or_else(|| "a time beyond the calendar".into())
    }
}

impl<'q, DB: Database> Encode<'q, DB> for Time
where
    i64: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.timestamp_micros().encode_by_ref(buffer)
    }
}
