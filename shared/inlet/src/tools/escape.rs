//! Percent-encoding of the parts of a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Percent-encodes a query's name or value.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The characters of a path that need no escape: RFC 3986's unreserved ones.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes one part of a URL's path. Dots stay, unless the part is `.` or `..`, which would leave the path.
pub fn escaped_in_path(text: &str) -> String {
    match text {
        "." | ".." => text.replace('.', "%252E"),
        _ => utf8_percent_encode(text, IN_PATH).to_string(),
    }
}
