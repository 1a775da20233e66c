//! Writes the generated files: `events/`, `schemas/`, the known shapes of events,
//! the template's alarms and dashboard.

use inlet_tests::{operations, repository, samples, schemas};

fn main() {
    for (folder, files) in [("events", samples::files()), ("schemas", schemas::files())] {
        repository::replace(folder, &files);
        println!("{folder}/: {} files", files.len());
    }
    for (path, text) in samples::shapes() {
        repository::write(&path, &text);
        println!("{path}: {} lines", text.lines().count());
    }
    repository::write("template.yaml", &operations::template());
    println!("template.yaml: {} alarms and the dashboard", operations::alarms().len());
}
