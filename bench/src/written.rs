//! The parts of the documents that the bench writes.

use std::fs;

use crate::measure::Failure;
use crate::place;

/// Replaces the part of a document, given by its path in the repository, between the lines that name it.
///
/// # Errors
/// If the document has no such part.
pub fn replace(document: &str, part: &str, text: &str) -> Result<(), Failure> {
    let file = place::root().join(document);
    let (begin, end) = (format!("<!-- begin: {part} -->\n"), format!("<!-- end: {part} -->"));
    let old = fs::read_to_string(&file)?;
    let lines = || format!("{document} has no lines {begin}{end}");
    let (before, rest) = old.split_once(&begin).ok_or_else(lines)?;
    let (_, after) = rest.split_once(&end).ok_or_else(lines)?;
    Ok(fs::write(file, format!("{before}{begin}{text}{end}{after}"))?)
}
