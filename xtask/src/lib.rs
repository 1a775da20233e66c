//! The generators of the repository's files. Each module writes one kind; a test compares all with the files that are
//! committed.
//!
//! | module | writes |
//! |---|---|
//! | [`samples`] | `events/`: API Gateway events, signed with the demo stores' credentials |
//! | [`consumer_samples`] | `packages/samples/`: the events of the payload files as consumers get them |
//! | [`schemas`] | `schemas/`: the JSON Schema of each kind |
//! | [`shapes`] | `functions/*/shapes.txt`: the known shapes of events |
//! | [`event_catalogue`] | parts of `docs/events.md` |
//! | [`provider_blocks`] | the parts of `template.yaml` that repeat for each provider |
//! | [`operations`] | the alarms and the dashboard in `template.yaml` |
//! | [`cost_counts`] | the numbers of alarms and metrics in `docs/costs.md` |
//! | [`local_stack`] | the providers and the demo stores of the local stack |

pub mod consumer_samples;
pub mod cost_counts;
pub mod event_catalogue;
pub mod local_stack;
pub mod operations;
pub mod provider_blocks;
pub mod repository;
pub mod samples;
pub mod schemas;
pub mod shapes;

mod marks;

use repository::Files;

/// The folders that contain generated files only.
const FOLDERS: [&str; 3] = ["events", consumer_samples::FOLDER, "schemas"];

const TEMPLATE: &str = "template.yaml";

/// Returns every generated file. A file of which a part is generated keeps its other parts.
pub fn files() -> Files {
    let mut files = samples::files();
    files.extend(consumer_samples::files());
    files.extend(schemas::files());
    files.extend(shapes::files());
    files.extend(local_stack::files());
    files.insert(event_catalogue::DOCUMENT.to_owned(), event_catalogue::document());
    files.insert(cost_counts::DOCUMENT.to_owned(), cost_counts::document());
    let template = provider_blocks::insert(&repository::text(TEMPLATE));
    files.insert(TEMPLATE.to_owned(), operations::insert(&template));
    files
}

/// Writes every generated file that differs, removes outdated files in the generated folders, and returns the paths
/// of both.
pub fn write() -> Vec<String> {
    let files = files();
    let stale = stale(&files);
    stale.iter().for_each(|path| repository::remove(path));
    let changed: Vec<String> = changed(&files);
    changed.iter().for_each(|path| repository::write(path, &files[path]));
    stale.into_iter().chain(changed).collect()
}

/// Returns a sentence for each generated file that is not as the generators write it.
pub fn differences() -> Vec<String> {
    let files = files();
    let stale = stale(&files).into_iter().map(|path| format!("{path} is outdated"));
    stale.chain(changed(&files).into_iter().map(|path| format!("{path} is missing or differs"))).collect()
}

fn stale(files: &Files) -> Vec<String> {
    let present = FOLDERS.into_iter().flat_map(repository::below);
    present.filter(|path| !files.contains_key(path)).collect()
}

fn changed(files: &Files) -> Vec<String> {
    let differs = |(path, text): &(&String, &String)| repository::existing(path).as_ref() != Some(*text);
    files.iter().filter(differs).map(|(path, _)| path.clone()).collect()
}
