"""Compares the template with every released one: an upgrade must leave what holds events or an address in place."""

import json
import tomllib

from local import paths, template
from local.steps import Failed

RELEASES = paths.ROOT / "releases"
CHANGELOG = paths.ROOT / "CHANGELOG.md"

# Resources that keep events, or an address that others know, with the properties whose change makes CloudFormation
# replace them ("Update requires: Replacement" in the resource's reference). A new logical id replaces them too.
REPLACED_BY = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::Events::EventBus": ("Name",),
    "AWS::Serverless::HttpApi": ("ProtocolType",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
}

# Replacements that docs/upgrading.md announces, by logical id: the property and its value since then.
ANNOUNCED = {"ApiLog": ("LogGroupName", {"Fn::Sub": "/aws/vendedlogs/inlet/${Stage}/api"})}

# Policies for a resource that is removed or replaced nevertheless, from the weakest protection to the strongest.
POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
STRENGTHS = ("Delete", {"Fn::If": ["IsProtectedStage", "Retain", "Delete"]}, "Retain")


def kept(written: dict) -> dict:
    """Returns what must stay: by logical id the type, the decisive properties, the policies and the condition."""
    found = {}
    for name, resource in sorted(written["Resources"].items()):
        properties = resource.get("Properties", {})
        decisive = REPLACED_BY.get(resource["Type"])
        if decisive is None:
            continue
        found[name] = {"Type": resource["Type"]} | {key: properties[key] for key in decisive if key in properties}
        found[name] |= {policy: resource[policy] for policy in POLICIES if policy in resource}
        if "Condition" in resource:
            # With its definition: a condition that becomes false removes the resource.
            found[name]["Condition"] = written["Conditions"][resource["Condition"]]
    return found


def released() -> dict[str, dict]:
    """Returns what each release keeps, by version."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(RELEASES.glob("*.json"))}


def differences(before: dict, now: dict, is_default: template.Conditions) -> list[str]:
    """Returns a sentence for each resource of a release that an upgrade would remove, replace or protect less."""
    return [
        f"{name} {difference}"
        for name, resource in before.items()
        for difference in _differences_of(name, resource, now.get(name), is_default)
    ]


def record() -> None:
    """Write down what this version's template keeps, once it is released."""
    file = RELEASES / f"{version()}.json"
    if file.exists():
        raise Failed(f"{file.name} exists: a release does not change")
    RELEASES.mkdir(exist_ok=True)
    file.write_text(json.dumps(kept(template.load()), indent=2) + "\n")


def version() -> str:
    """Returns the workspace's version."""
    return tomllib.loads((paths.ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def _differences_of(name: str, before: dict, now: dict | None, is_default: template.Conditions):
    if now is None:
        yield "is missing: an upgrade would delete it"
        return
    for key in sorted((before.keys() | now.keys()) - {*POLICIES, "Condition"}):
        if before.get(key) != now.get(key) and ANNOUNCED.get(name) != (key, now.get(key)):
            yield f"has another {key}: an upgrade would replace it"
    for policy in POLICIES:
        if STRENGTHS.index(now.get(policy, "Delete")) < STRENGTHS.index(before.get(policy, "Delete")):
            yield f"has a weaker {policy}"
    # A release has no parameter that was added later, so its upgrade takes the default.
    condition = now.get("Condition")
    if condition != before.get("Condition") and not (condition is None or is_default.holds(condition)):
        yield "has another condition: an upgrade may delete it"
