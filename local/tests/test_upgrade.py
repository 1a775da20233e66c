"""The template upgrades every release, and one version is written everywhere."""

import copy

import pytest

from local import template, upgrade

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
