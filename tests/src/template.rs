//! The template as data, parsed by the same code as in `sam`. Needs the tools that `make up` installs.

use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::{operations, repository};

/// Writes the parsed template as JSON, with intrinsic functions in their long form.
const PARSE: &str = "import json; from local import template; print(json.dumps(template.load()))";

/// Returns the template.
///
/// # Panics
/// If the tools are not installed, or the template is not YAML.
pub fn load() -> &'static Value {
    static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
        let python = repository::root().join(".local/tools/python/bin/python");
        let parsed = Command::new(python).args(["-c", PARSE]).current_dir(repository::root()).output();
        let parsed = parsed.expect("the tools that `make up` installs");
        let errors = String::from_utf8_lossy(&parsed.stderr);
        serde_json::from_slice(&parsed.stdout).unwrap_or_else(|e| panic!("template.yaml: {e}: {errors}"))
    });
    &TEMPLATE
}

/// Returns the properties of a resource.
///
/// # Panics
/// If the template has no such resource.
pub fn properties(resource: &str) -> &'static Value {
    let properties = &load()["Resources"][resource]["Properties"];
    assert!(properties.is_object(), "the template has no {resource}");
    properties
}

/// Returns the properties of every resource of a type, by logical id.
pub fn resources_of(kind: &str) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let resources = load()["Resources"].as_object().expect("resources").iter();
    let of_it = resources.filter(move |(_, resource)| resource["Type"] == kind);
    of_it.map(|(name, resource)| (name.as_str(), &resource["Properties"]))
}

/// Returns the logical id of a provider's function.
pub fn function_of(provider: &str) -> String {
    format!("{}Function", operations::resource_of(provider))
}
