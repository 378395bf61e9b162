//! Randomness as a parameter.

use rand::TryRng;

/// The generator did not deliver.
#[derive(Debug, thiserror::Error)]
#[error("the random generator failed")]
pub struct EntropyError;

/// Gives unpredictable bytes.
pub trait SecretSource: Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// When the generator fails; the bytes must not be used then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// `N` random bytes.
///
/// # Errors
/// When the generator fails.
pub fn random<const N: usize>(source: &dyn SecretSource) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    source.fill(&mut bytes)?;
    Ok(bytes)
}

/// The operating system's generator (ASVS 5.0 11.5.1).
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl SecretSource for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        rand::rngs::SysRng
            .try_fill_bytes(bytes)
            .map_err(|_| EntropyError)
    }
}

/// A predictable source for tests: a counter, hashed. Scripted answers come first, so that a test
/// can force a collision.
#[derive(Debug, Default)]
pub struct FakeEntropy {
    state: std::sync::Mutex<(u64, std::collections::VecDeque<Vec<u8>>)>,
}

impl FakeEntropy {
    /// The next call that asks for as many bytes gets these.
    pub fn script(&self, bytes: impl Into<Vec<u8>>) {
        self.lock().1.push_back(bytes.into());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (u64, std::collections::VecDeque<Vec<u8>>)> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl SecretSource for FakeEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        use sha2::Digest;
        let mut state = self.lock();
        let scripted = state.1.iter().position(|next| next.len() == bytes.len());
        if let Some(next) = scripted.and_then(|index| state.1.remove(index)) {
            bytes.copy_from_slice(&next);
            return Ok(());
        }
        for chunk in bytes.chunks_mut(32) {
            state.0 += 1;
            chunk.copy_from_slice(&sha2::Sha256::digest(state.0.to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

impl<S: SecretSource> SecretSource for std::sync::Arc<S> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        (**self).fill(bytes)
    }
}
