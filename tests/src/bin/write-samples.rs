//! Writes the generated files: `events/`, `packages/samples/`, `schemas/`, the known shapes of events, the catalogue in `docs/events.md`,
//! the template's alarms and dashboard.

use inlet_tests::{event_catalogue, operations, repository, samples, schemas};

fn main() {
    let folders = [
        ("events", samples::files()),
        (samples::CONSUMER_SAMPLES, samples::consumer_files()),
        ("schemas", schemas::files()),
    ];
    for (folder, files) in folders {
        repository::replace(folder, &files);
        println!("{folder}/: {} files", files.len());
    }
    for (path, text) in samples::shapes() {
        repository::write(&path, &text);
        println!("{path}: {} lines", text.lines().count());
    }
    repository::write(event_catalogue::DOCUMENT, &event_catalogue::document());
    println!("{}: the catalogue and the fields", event_catalogue::DOCUMENT);
    repository::write("template.yaml", &operations::template());
    println!("template.yaml: {} alarms and the dashboard", operations::alarms().len());
}
