//! What Latchkey does.
