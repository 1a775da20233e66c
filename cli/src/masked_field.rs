//! The text in the place of masked fields, of personal data and credentials, and the words of a field's name.

/// The text in the place of personal data and credentials.
pub(crate) const MASK: &str = "•••";

/// Returns the words of a name, in lower case: `customerName` and `customer_name` are two. Digits
/// are left out: `address2` is `address`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for char in name.chars() {
        let starts_word = !char.is_alphanumeric() || (char.is_uppercase() && was_lower);
        if starts_word {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| char.is_alphanumeric()) {
            word.extend(char.to_lowercase().filter(|char| !char.is_numeric()));
        }
        was_lower = char.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
