//! Writes `events/` and `schemas/` anew from the payload files and the types.

use inlet_tests::{repository, samples, schemas};

fn main() {
    for (folder, files) in [("events", samples::files()), ("schemas", schemas::files())] {
        repository::replace(folder, &files);
        println!("{folder}/: {} files", files.len());
    }
}
