//! What the server logs.

use std::{
    io::Write,
    sync::{Mutex, Once, PoisonError},
};

/// Everything that is logged at any level, by every thread of this test program.
pub(crate) struct Log;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static START: Once = Once::new();

impl Log {
    pub(crate) fn start() {
        START.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(|| Self)
                .init();
        });
    }

    /// Drops what was logged so far, where it would fill the memory that is measured.
    pub(crate) fn forget() {
        *LINES.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
    }

    /// The lines so far that contain `text`.
    pub(crate) fn lines_with(text: &str) -> Vec<String> {
        let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8_lossy(&lines)
            .lines()
            .filter(|line| line.contains(text))
            .map(str::to_owned)
            .collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
