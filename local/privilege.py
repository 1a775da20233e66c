"""Checks what each function may do: the template as SAM transforms it, against a list written down here."""

from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local import place
from local.steps import Failed

TABLE, QUEUE, DEAD_LETTERS = "EventTable.Arn", "EventQueue.Arn", "DeadLetterQueue.Arn"
OWN_KEY = "KmsKeyArn"

# What a role attached to every function may do, where a parameter asks for it.
WITH_OWN_KEY = {
    (action, OWN_KEY)
    for action in (
        "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo",
    )
}
# X-Ray knows no resource for either: the one wildcard there is.
WITH_TRACES = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}

ALLOWED = {
    **{
        f"{provider.capitalize()}FunctionRole": {
            ("dynamodb:GetItem", TABLE),
            ("dynamodb:PutItem", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("sqs:SendMessage", QUEUE),
            ("ssm:GetParameters", f"parameter/inlet/${{Stage}}/{provider}/*"),
            ("logs:CreateLogStream", f"{provider.capitalize()}Log.Arn"),
            ("logs:PutLogEvents", f"{provider.capitalize()}Log.Arn"),
        }
        for provider in place.PROVIDERS
    },
    "ProcessorFunctionRole": {
        ("sqs:ReceiveMessage", QUEUE),
        ("sqs:DeleteMessage", QUEUE),
        ("sqs:GetQueueAttributes", QUEUE),
        ("sqs:ChangeMessageVisibility", QUEUE),
        ("sqs:SendMessage", DEAD_LETTERS),
        ("dynamodb:GetItem", TABLE),
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:UpdateItem", TABLE),
        ("dynamodb:BatchGetItem", TABLE),
        ("dynamodb:BatchWriteItem", TABLE),
        ("events:PutEvents", "EventBus.Arn"),
        ("logs:CreateLogStream", "ProcessorLog.Arn"),
        ("logs:PutLogEvents", "ProcessorLog.Arn"),
    },
    "SweeperFunctionRole": {
        ("dynamodb:Query", "${EventTable.Arn}/index/arrivals"),
        ("dynamodb:DescribeTable", TABLE),
        ("dynamodb:Query", TABLE),
        ("dynamodb:GetItem", TABLE),
        ("dynamodb:BatchGetItem", TABLE),
        ("dynamodb:BatchWriteItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
        ("sqs:SendMessage", QUEUE),
        ("sqs:GetQueueAttributes", QUEUE),
        ("logs:CreateLogStream", "SweeperLog.Arn"),
        ("logs:PutLogEvents", "SweeperLog.Arn"),
    },
    # SAM's, for the schedule.
    "SweeperFunctionEveryMinuteRole": {("lambda:InvokeFunction", "SweeperFunction.Arn")},
}

# The policies that are attached by reference, and what they grant; the receivers' own is spread over their lists.
SHARED = {"KeyPolicy": WITH_OWN_KEY, "TracePolicy": WITH_TRACES}
RECEIVER_POLICY = "ReceiverPolicy"
# What a receiver may do besides when the stores' secrets are encrypted with the user's own key.
SECRETS_WITH_OWN_KEY = ("kms:Decrypt", OWN_KEY)


def check() -> None:
    """Fails on every action or resource that is not listed, and on every one that is listed and not there."""
    resources = _transformed()
    wrong = [*_wrong_policies(resources), *_wrong_roles(resources)]
    if wrong:
        raise Failed("the template's permissions are not those listed in local/privilege.py:\n" + "\n".join(wrong))


def _transformed() -> dict:
    template = yaml_parse(place.TEMPLATE.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # Code that is uploaded, as `sam deploy` would have done.
            resource["Properties"]["CodeUri"] = "s3://code/function"
    # No map of AWS's own policies: none of them is to be used.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=place.REGION))
    return translator.translate(template, {})["Resources"]


def _wrong_policies(resources: dict):
    for name, expected in SHARED.items():
        yield from _differences(name, _granted([resources[name]["Properties"]["PolicyDocument"]]), expected)
    known = {*SHARED, RECEIVER_POLICY}
    for name, resource in resources.items():
        if resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy") and name not in known:
            yield f"{name}: a policy that nobody listed"
        if resource["Type"] in ("AWS::IAM::User", "AWS::IAM::Group", "AWS::Lambda::Url"):
            yield f"{name}: nobody expects a {resource['Type']}"


def _wrong_roles(resources: dict):
    roles = {name: resource for name, resource in resources.items() if resource["Type"] == "AWS::IAM::Role"}
    for name in sorted(roles.keys() ^ ALLOWED.keys()):
        yield f"{name}: {'a role that nobody listed' if name in roles else 'a role that is not there'}"
    for name in sorted(roles.keys() & ALLOWED.keys()):
        properties, expected = roles[name]["Properties"], set(ALLOWED[name])
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        attached = {_name(policy) for branch in properties.get("ManagedPolicyArns", []) for policy in _branches(branch)}
        if RECEIVER_POLICY in attached:
            documents.append(resources[RECEIVER_POLICY]["Properties"]["PolicyDocument"])
            expected.add(SECRETS_WITH_OWN_KEY)
        for policy in attached - {*SHARED, RECEIVER_POLICY}:
            yield f"{name}: {policy} is attached"
        yield from _differences(name, _granted(documents), expected)
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function" and _name(resource["Properties"]["Role"]) != f"{name}Role.Arn":
            yield f"{name}: runs under another function's role"


def _differences(name: str, granted: set, expected: set):
    for action, resource in sorted(granted - expected):
        yield f"{name}: may {action} on {resource}, which is not listed"
    for action, resource in sorted(expected - granted):
        yield f"{name}: may not {action} on {resource}, which is listed"


def _granted(documents: list[dict]) -> set[tuple[str, str]]:
    """Every action on every resource, whatever the conditions come to."""
    statements = [
        statement
        for document in documents
        for part in document["Statement"]
        for statement in _branches(part)
    ]
    return {
        (action, _name(resource))
        for statement in statements
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    }


def _branches(node: Any) -> list:
    """Both sides of an Fn::If, without what is not there."""
    sides = node["Fn::If"][1:] if isinstance(node, dict) and "Fn::If" in node else [node]
    return [side for side in sides if side != {"Ref": "AWS::NoValue"}]


def _list(node: Any) -> list:
    return node if isinstance(node, list) else [node]


def _name(node: Any) -> str:
    """A resource in the template's own words; of an ARN that is put together, what follows the account."""
    match node:
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": str(text)}:
            return text.rpartition("${AWS::AccountId}:")[2]
        case {"Ref": str(name)}:
            return name
    return str(node)
