//! What a local password must be (ASVS 5.0 6.2: length, no composition rules, no common ones).

use crate::error::Problem;

/// The shortest password, in characters.
pub const MIN_CHARS: u32 = 12;
/// The longest password, in characters.
pub const MAX_CHARS: u32 = 128;

/// Checks the length, in Unicode scalar values. Whether it is a common one is for the server,
/// which has the list.
///
/// # Errors
/// Too short or too long.
pub fn check_length(password: &str) -> Result<(), Problem> {
    match password.chars().count() {
        chars if chars < MIN_CHARS as usize => Err(Problem::TooShort { min: MIN_CHARS }),
        chars if chars > MAX_CHARS as usize => Err(Problem::TooLong { max: MAX_CHARS }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_not_bytes() {
        for (password, answer) in [
            ("é".repeat(11), Err(Problem::TooShort { min: 12 })),
            ("é".repeat(12), Ok(())),
            ("é".repeat(128), Ok(())),
            ("é".repeat(129), Err(Problem::TooLong { max: 128 })),
        ] {
            assert_eq!(check_length(&password), answer);
        }
    }
}
