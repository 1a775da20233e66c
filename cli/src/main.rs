//! The `inlet` command.

fn main() {}
