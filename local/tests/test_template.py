"""Two stages fit into one account: no physical name is the same in both."""

import json
import re

import pytest

from local import paths, template

# Properties that name a resource in the account, by type; without one, CloudFormation generates a unique name.
NAMES = {
    "AWS::ApiGatewayV2::Api": "Name",
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Route53::RecordSet": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::Scheduler::Schedule": "Name",
}
# Types whose resources belong to another one and have no name in the account.
NAMELESS = {
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Logs::MetricFilter",
    "AWS::SNS::Subscription",
}
# A domain belongs to one stage: its name is a parameter.
OF_THE_USER = {"Ref": "DomainName"}

RESOURCES = template.transformed()["Resources"]


def shared_name(resource: dict) -> str | None:
    """Returns the resource's name where a second stage would use the same one, else None."""
    name = resource.get("Properties", {}).get(NAMES[resource["Type"]])
    if name is None or name == OF_THE_USER or "${Stage}" in json.dumps(name):
        return None
    return json.dumps(name)


def test_every_type_is_known():
    types = {resource["Type"] for resource in RESOURCES.values()}
    assert types - NAMES.keys() - NAMELESS == set()


def test_every_physical_name_contains_the_stage():
    named = {name: resource for name, resource in RESOURCES.items() if resource["Type"] in NAMES}
    # The title of SAM's OpenAPI document becomes the API's name, which need not be unique.
    shared = {name: shared_name(resource) for name, resource in named.items()}
    assert {name: text for name, text in shared.items() if text} == {}


def test_a_name_without_the_stage_is_found():
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "inlet.fifo"}}
    assert shared_name(queue) == '"inlet.fifo"'


def test_every_role_has_the_permissions_boundary():
    boundary = {"Fn::If": ["WithPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    roles = {name: role["Properties"] for name, role in RESOURCES.items() if role["Type"] == "AWS::IAM::Role"}
    assert roles
    assert {name for name, role in roles.items() if role.get("PermissionsBoundary") != boundary} == set()


def test_a_protected_stage_keeps_table_and_queues():
    written = template.load()
    for stage, policy in {"prod": "Retain", "dev": "Delete", "local": "Delete"}.items():
        conditions = template.Conditions(written["Conditions"], template.defaults(written) | {"Stage": stage})
        kept = {
            name: conditions.resolve(written["Resources"][name]["DeletionPolicy"])
            for name in ("EventTable", "EventQueue", "DeadLetterQueue")
        }
        assert kept == dict.fromkeys(kept, policy), stage


def test_costs_are_off_by_default_or_documented():
    written = template.load()
    parameters = written["Parameters"]
    assert parameters["Tracing"]["Default"] == "PassThrough"
    assert not [name for name, resource in written["Resources"].items() if resource["Type"] == "AWS::KMS::Key"]
    for parameter in ("Alarms", "CreateDashboard", "KmsKeyArn", "Tracing"):
        assert re.search(r"\$|charges", parameters[parameter]["Description"]), parameter


def deployed(written: dict, **parameters: str) -> dict[str, dict]:
    """Returns the resources that a deployment with these parameters has, by logical id."""
    conditions = template.Conditions(written["Conditions"], template.defaults(written) | parameters)
    has = lambda one: "Condition" not in one or conditions.holds({"Condition": one["Condition"]})
    return {name: one for name, one in written["Resources"].items() if has(one)}


def test_an_own_domain_adds_only_its_parts():
    written = template.load()
    without = deployed(written)
    domain = {"DomainName": "hooks.example.com", "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1"}
    assert deployed(written, **domain).keys() - without.keys() == {"Domain", "DomainMapping"}
    with_record = deployed(written, HostedZoneId="Z1", **domain)
    assert with_record.keys() - without.keys() == {"Domain", "DomainMapping", "DomainRecord"}
    urls = [output["Value"] for name, output in written["Outputs"].items() if name.endswith("Url") and name != "QueueUrl"]
    conditions = template.Conditions(written["Conditions"], template.defaults(written) | domain)
    assert "https://${DomainName}" in json.dumps(conditions.resolve(urls))
    assert "ApiEndpoint" not in json.dumps(conditions.resolve(urls))


def alarms(**parameters: str) -> set[str]:
    """Returns the logical ids of the alarms that a deployment with these parameters has."""
    resources = deployed(template.load(), **parameters)
    return {name for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}


def test_the_reconciler_adds_only_its_parts():
    written = template.load()
    parts = {"ReconcilerFunction", "ReconcilerFunctionRole", "ReconcilerLog"}
    without, without_alarms = deployed(written), deployed(written, Alarms="no")
    assert deployed(written, Reconcile="on", Alarms="no").keys() - without_alarms.keys() == parts
    assert deployed(written, Reconcile="on").keys() - without.keys() == parts | {"CompletenessLowAlarm", "ReconcilerStaleAlarm"}
    assert alarms(Reconcile="on") - alarms() == {"CompletenessLowAlarm", "ReconcilerStaleAlarm"}
    assert len(alarms(Reconcile="on") - alarms()) == counted("alarms of the reconciler")


def test_the_reconciler_alone_reads_the_access_to_apis():
    resources = template.transformed()["Resources"]
    of_reconciler = {name: one for name, one in resources.items() if name.startswith("ReconcilerFunction")}
    assert {one.get("Condition") for one in of_reconciler.values()} == {"WithReconciler"}
    assert len(of_reconciler) > 3, "the function, its role, the schedule and its role"
    assert {name for name, one in resources.items() if "inlet-access" in json.dumps(one)} == {"ReconcilerFunctionRole"}


def counted(row: str) -> int:
    """Returns the number of a row in the costs' table."""
    return int(re.search(rf"^\| \**{re.escape(row)}.*\| (\d+) \|$", (paths.ROOT / "docs/costs.md").read_text(), re.M)[1])


def test_the_costs_count_the_alarms_of_the_template():
    everything = alarms()
    without_providers = alarms(**{provider.capitalize(): "no" for provider in paths.PROVIDERS})
    without_bus = alarms(ConsumerUrl="https://example.com/inlet")
    assert len(everything) == counted("all alarms with")
    assert len(everything - without_bus) == counted("the alarm `target-failed`") == 1
    assert len(without_providers & without_bus) == counted("alarms of the whole deployment")
    assert len(everything - without_providers) == counted("alarms of the providers")


@pytest.mark.parametrize(("url", "is_allowed"), [
    ("", True),
    ("https://shop.example/inlet?store=riyadh&x=%2F", True),
    ("https://[2001:db8::1]:8443/", True),
    ("http://127.0.0.1:3000/events", True),
    ("http://shop.example/", False),
    ("https://", False),
    ("https://user@shop.example/", False),
    ("https://shop.example/#part", False),
    ("https://shop.example/a b", False),
    # The processor would not start with them, and events would wait.
    ("https://متجر.example/", False),
    ("https://shop.example/ร้าน", False),
    ("https://shop.example/<x>", False),
])
def test_an_endpoint_has_a_url_that_the_processor_accepts(url, is_allowed):
    pattern = template.load()["Parameters"]["ConsumerUrl"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, url)) == is_allowed
