//! The parts of `template.yaml` that repeat for each provider, from the files in `xtask/blocks/`.

use inlet::tools::profile::Profile;
use inlet::tools::registration::Registering;
use inlet_providers::{ToolsVisitor, for_each_with_tools};

use crate::marks;
use crate::operations::resource_of;

/// The generated parts by name, each with the block that is written for each provider.
const PARTS: [(&str, &str); 9] = [
    ("providers' labels", "      <Provider>: {default: <title>}\n"),
    ("providers' parameters", include_str!("../blocks/parameter.yaml")),
    ("providers' conditions", include_str!("../blocks/conditions.yaml")),
    ("receivers", include_str!("../blocks/receiver.yaml")),
    ("router's condition", "    - !Condition With<Provider>\n"),
    (
        "router's receivers",
        "              - !If [With<Provider>, !Sub \"<provider>=${<Provider>Function}\", \"\"]\n",
    ),
    (
        "router's permissions",
        "                  - !If [With<Provider>, !GetAtt <Provider>Function.Arn, !Ref AWS::NoValue]\n",
    ),
    (
        "reconciler's items",
        "                      - <provider>/*\n                      - chunk/<provider>/*\n",
    ),
    ("providers' addresses", include_str!("../blocks/output.yaml")),
];

/// Returns the template with the blocks of all providers.
pub fn insert(template: &str) -> String {
    let mut providers = Providers(Vec::new());
    for_each_with_tools(&mut providers);
    let parts = PARTS.into_iter().map(|(name, block)| {
        let blocks = providers.0.iter().map(|(provider, profile)| fill(block, provider, profile));
        (name, blocks.collect::<String>())
    });
    let names: Vec<String> = providers.0.iter().map(|(provider, _)| resource_of(provider)).collect();
    let group = format!("        Parameters: [{}]\n", names.join(", "));
    parts
        .chain([("providers' group", group)])
        .fold(template.to_owned(), |template, (name, part)| marks::replace(&template, name, &part))
}

/// Collects each provider's name and profile.
struct Providers(Vec<(&'static str, Profile)>);

impl ToolsVisitor for Providers {
    fn visit<P: Registering>(&mut self) {
        self.0.push((P::NAME, P::PROFILE));
    }
}

/// Returns a block for one provider. `<provider>` is the name in addresses and keys, `<Provider>` the
/// name in logical ids, `<title>` and `<about>` the names that people read.
fn fill(block: &str, provider: &str, profile: &Profile) -> String {
    let words = [
        ("<provider>", provider),
        ("<Provider>", &resource_of(provider)),
        ("<title>", profile.title),
        ("<about>", profile.about),
    ];
    words.into_iter().fold(block.to_owned(), |block, (mark, word)| block.replace(mark, word))
}
