"""Every role and policy of the template has the listed permissions and no other."""

import copy

import pytest

from local import permissions_check, template


def test_the_permissions_are_those_listed():
    assert permissions_check.differences() == []


def statement(resources: dict, role: str, number: int) -> dict:
    return resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][number]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (
            lambda resources: statement(resources, "ZidFunctionRole", 0).pop("Condition"),
            "ZidFunctionRole: Allow dynamodb:GetItem on EventTable.Arn, which is not listed",
        ),
        (
            lambda resources: statement(resources, "ProcessorFunctionRole", 1)["Action"].remove("dynamodb:DeleteItem"),
            "ProcessorFunctionRole: listed, but not granted: Allow dynamodb:DeleteItem on EventTable.Arn",
        ),
        (
            lambda resources: statement(resources, "ZortFunctionRole", 1).update(Resource="*"),
            "ZortFunctionRole: Allow sqs:SendMessage on *, which is not listed",
        ),
        (
            lambda resources: resources.update(Other={"Type": "AWS::IAM::User"}),
            "Other: a AWS::IAM::User is not expected",
        ),
    ],
    ids=["no condition", "missing action", "wildcard", "user"],
)
def test_a_changed_permission_is_found(monkeypatch, change, difference):
    changed = copy.deepcopy(template.transformed())
    change(changed["Resources"])
    monkeypatch.setattr(template, "transformed", lambda: changed)
    assert difference in permissions_check.differences()
