"""Checks that the template deploys over every released one and leaves what holds events in its place."""

import json
import tomllib

from local import place
from local.steps import Failed

RELEASES = place.ROOT / "releases"
CHANGELOG = place.ROOT / "CHANGELOG.md"

# What keeps events, or an address that others know: the properties whose change makes CloudFormation put a new one in
# its place ("Update requires: Replacement" in the resource's reference). A new logical id does so too.
REPLACED_BY = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::Events::EventBus": ("Name",),
    "AWS::Serverless::HttpApi": ("ProtocolType",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
}

# What becomes of it when it is removed or replaced all the same.
POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


def check() -> None:
    """Check that what was released can be upgraded, and that one version is everywhere."""
    template = _template()
    _check_version(template)
    released = sorted(RELEASES.glob("*.json"))
    if not released:
        raise Failed("no release is recorded")
    for release in released:
        _check_against(release.stem, json.loads(release.read_text()), lasting(template))
        print(f"    {release.stem} can be upgraded", flush=True)


def record() -> None:
    """Write down what this version's template keeps, once it is released."""
    file = RELEASES / f"{version()}.json"
    if file.exists():
        raise Failed(f"{file.name} is written: a release does not change")
    RELEASES.mkdir(exist_ok=True)
    file.write_text(json.dumps(lasting(_template()), indent=2) + "\n")


def lasting(template: dict) -> dict:
    """What must stay: by logical id, the type, the properties that would replace it, and when it is there at all."""
    found = {}
    for name, resource in sorted(template["Resources"].items()):
        properties = resource.get("Properties", {})
        decisive = REPLACED_BY.get(resource["Type"])
        if decisive is None:
            continue
        found[name] = {"Type": resource["Type"]} | {key: properties[key] for key in decisive if key in properties}
        found[name] |= {policy: resource[policy] for policy in POLICIES if policy in resource}
        if "Condition" in resource:
            # With its definition: a condition that no longer holds removes what hangs on it.
            found[name]["Condition"] = template["Conditions"][resource["Condition"]]
    return found


def version() -> str:
    """The version of the whole: the workspace's."""
    return tomllib.loads((place.ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def _check_version(template: dict) -> None:
    said = {
        "template.yaml's metadata": template["Metadata"]["Inlet"]["Version"],
        "template.yaml's output": template["Outputs"]["Version"]["Value"],
    }
    for where, told in said.items():
        if told != version():
            raise Failed(f"{where} says {told}, Cargo.toml {version()}")
    if f"## [{version()}]" not in CHANGELOG.read_text():
        raise Failed(f"CHANGELOG.md says nothing of {version()}")


def _check_against(release: str, before: dict, now: dict) -> None:
    for name, resource in before.items():
        if name not in now:
            raise Failed(f"{name} of {release} is gone: an upgrade would remove it with all that it holds")
        if now[name] != resource:
            differs = f"{name} is not what it was in {release}: an upgrade would replace or remove it"
            raise Failed(f"{differs}\n{resource}\n{now[name]}")


def _template() -> dict:
    # Imported late: it is one of the tools.
    from samcli.yamlhelper import yaml_parse

    return json.loads(json.dumps(yaml_parse(place.TEMPLATE.read_text())))
