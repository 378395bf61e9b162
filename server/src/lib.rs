//! How Latchkey is reached.
