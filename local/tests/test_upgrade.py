"""The template upgrades every release, docs/upgrading.md agrees with it, and one version is written everywhere."""

import copy
import re

import pytest

from local import paths, template, upgrade

WRITTEN = template.load()
NOW = upgrade.kept(WRITTEN)
BY_DEFAULT = template.Conditions(WRITTEN["Conditions"], template.defaults(WRITTEN))


@pytest.mark.parametrize("release", upgrade.released().items(), ids=lambda release: release[0])
def test_a_release_can_be_upgraded(release):
    assert upgrade.differences(release[1], NOW, BY_DEFAULT) == []


def test_there_is_a_release():
    assert upgrade.released().keys() >= {"0.1.0", "0.2.0"}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda now: now.pop("EventTable"), "EventTable is missing: an upgrade would delete it"),
        (lambda now: now["EventQueue"].update(FifoQueue=False), "EventQueue has another FifoQueue: an upgrade would replace it"),
        (lambda now: now["EventTable"].update(UpdateReplacePolicy="Delete"), "EventTable has a weaker UpdateReplacePolicy"),
        (
            lambda now: now["EventQueue"].update(Condition={"Fn::Equals": [{"Ref": "Stage"}, "other"]}),
            "EventQueue has another condition: an upgrade may delete it",
        ),
    ],
    ids=["missing", "replaced", "weaker policy", "condition"],
)
def test_a_harmful_change_is_found(change, difference):
    now = copy.deepcopy(NOW)
    change(now)
    assert upgrade.differences(upgrade.released()["0.2.0"], now, BY_DEFAULT) == [difference]


def test_the_version_is_the_same_everywhere():
    version = upgrade.version()
    assert WRITTEN["Metadata"]["Inlet"]["Version"] == version
    assert WRITTEN["Outputs"]["Version"]["Value"] == version
    assert f"## [{version}]" in upgrade.CHANGELOG.read_text()


def changes(heading: str) -> list[tuple[str, str]]:
    """Returns the rows of a table of docs/upgrading.md for 0.3.0: before and now."""
    text = (paths.ROOT / "docs" / "upgrading.md").read_text().split("## From 0.2.0 to 0.3.0")[1].split("\n## ")[0]
    table = text.split(f"### {heading}\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (.*?) \| (.*) \|$", table, re.MULTILINE)[1:]
    assert rows, heading
    return rows


def names(cell: str) -> list[str]:
    """Returns the names in a cell, once for each provider where it names all."""
    spans = re.findall(r"`([^`]+)`", cell)
    return [span.replace("{provider}", provider) for span in spans for provider in paths.PROVIDERS]


def test_the_renamed_parameters_and_defaults_are_the_templates():
    parameters = WRITTEN["Parameters"]
    for before, now in changes("Template"):
        if renamed := re.fullmatch(r"parameter `(\w+)`", before):
            assert renamed[1] not in parameters
            assert re.match(r"`(\w+)`", now)[1] in parameters
        if was := re.match(r"`(\w+)` is (\S+) by default", before):
            default = re.match(r"(\S+) by default", now)[1].strip("`").replace(",", "")
            assert str(parameters[was[1]]["Default"]) == default
            assert was[2].strip("`").replace(",", "") != default


def test_the_resources_that_the_table_of_changes_names_exist():
    gone, there = "ReceiverPolicy", ("InspectPolicy", "RecoverPolicy", "SecretsPolicy", "SecretKeyPolicy")
    rows = changes("Template")
    assert gone in str(rows) and gone not in WRITTEN["Resources"]
    assert all(name in str(rows) and name in WRITTEN["Resources"] for name in there)


def test_the_renamed_alarms_are_the_templates():
    alarms = {
        resource["Properties"]["AlarmName"]["Fn::Sub"].replace("${Stage}", "{stage}")
        for resource in WRITTEN["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    for before, now in changes("Alarms"):
        assert [name for name in names(before) if name in alarms] == []
        new = [name for name in names(now) if name.startswith("inlet-")]
        assert [name for name in new if name not in alarms] == []


def test_the_renamed_metrics_are_the_templates():
    text = paths.TEMPLATE.read_text()
    renamed = [row for row in changes("Metrics and log fields") if row[0].startswith("metric")]
    assert renamed
    for before, now in renamed:
        assert names(before)[0] not in text and names(now)[0] in text


def test_the_renamed_commands_are_documented():
    text = (paths.ROOT / "docs" / "cli.md").read_text()
    for before, now in changes("The command"):
        for name in names(now):
            if name.startswith("inlet "):
                command, _, option = name.partition(" --")
                assert f"`{command}" in text and f"--{option}" in text, name
        for name in names(before):
            if name.startswith("inlet ") and " --" not in name:
                assert f"`{name}`" not in text, name
