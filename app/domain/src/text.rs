//! Characters that make a text look like another, and texts that people write.

use crate::error::{FieldError, Problem};

/// Control characters, and the explicit directional formatting characters of UAX #9: they turn
/// what follows around.
pub(crate) fn disguises(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks what somebody writes: at most so many characters, white space at the ends removed, no
/// control characters other than line breaks and tabs, none that turn the direction of writing.
///
/// # Errors
/// Too long, or with characters that could disguise text.
pub(crate) fn check_prose(field: &'static str, text: &str, max: u32) -> Result<String, FieldError> {
    let text = text.trim();
    if text.chars().count() > max as usize {
        return Err(FieldError::new(field, Problem::TooLong { max }));
    }
    let line_breaks = ['\n', '\r', '\t'];
    if text
        .chars()
        .any(|c| disguises(c) && !line_breaks.contains(&c))
    {
        let problem = Problem::malformed("text without control characters and direction marks");
        return Err(FieldError::new(field, problem));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W2: exactly these, not the marks that texts in two directions need.
    #[test]
    fn what_disguises_is_refused_and_what_people_write_is_not() {
        let disguising: Vec<_> = ('\u{a0}'..=char::MAX).filter(|c| disguises(*c)).collect();
        let expected = "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        assert_eq!(disguising, expected.chars().collect::<Vec<_>>());
        assert!("\0\n\t\u{1b}\u{7f}\u{9f}".chars().all(disguises));
        assert!(!" <a>&'\"é😀\u{200e}\u{200f}".chars().any(disguises));
    }
}
