"""Checks what may be done and by whom: the template as SAM transforms it, against lists written down here."""

import json
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local import place
from local.steps import Failed

TABLE, QUEUE, DEAD_LETTERS = "EventTable.Arn", "EventQueue.Arn", "DeadLetterQueue.Arn"
OWN_KEY = "KmsKeyArn"
SECRETS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/inlet/${Stage}"

# A permission as it is compared: who (nobody where the policy hangs on a role), effect, action, resource, condition.
NO_CONDITION = ""


def _allow(action: str, resource: str, condition: str = NO_CONDITION, who: str = "") -> tuple[str, ...]:
    return (who, "Allow", action, resource, condition)


def _allowed(*pairs: tuple[str, str]) -> set[tuple[str, ...]]:
    """Permissions without a condition."""
    return {_allow(action, resource) for action, resource in pairs}


def _by_way_of(*services: str) -> str:
    """The condition that a key is used for these services alone."""
    hosts = [f"{service}.${{AWS::Region}}.amazonaws.com" for service in services]
    return _condition({"StringEquals": {"kms:ViaService": hosts}})


def _condition(node: Any) -> str:
    """A condition as text: the same for one value and for a list of one, and for a text with and without Fn::Sub."""
    def plain(part: Any) -> Any:
        match part:
            case {"Fn::Sub": str(text)}:
                return text
            case dict():
                return {key: plain(value) for key, value in part.items()}
            case list():
                return [plain(value) for value in part]
        return part

    if not node:
        return NO_CONDITION
    by_operator = {
        operator: {key: _list(plain(values)) for key, values in keys.items()} for operator, keys in node.items()
    }
    return json.dumps(by_operator, sort_keys=True)


def _list(node: Any) -> list:
    return node if isinstance(node, list) else [node]


# What a role attached to every function may do, where a parameter asks for it.
WITH_OWN_KEY = {
    _allow(action, OWN_KEY, _by_way_of("dynamodb", "sqs"))
    for action in (
        "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo",
    )
}
# X-Ray knows no resource for either: the one wildcard there is.
WITH_TRACES = _allowed(("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*"))

ALLOWED = {
    **{
        f"{provider.capitalize()}FunctionRole": _allowed(
            ("dynamodb:GetItem", TABLE),
            ("dynamodb:PutItem", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("sqs:SendMessage", QUEUE),
            ("ssm:GetParameters", f"{SECRETS}/{provider}/*"),
            ("logs:CreateLogStream", f"{provider.capitalize()}Log.Arn"),
            ("logs:PutLogEvents", f"{provider.capitalize()}Log.Arn"),
        )
        for provider in place.PROVIDERS
    },
    "ProcessorFunctionRole": _allowed(
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
    ),
    "SweeperFunctionRole": _allowed(
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
    ),
    # SAM's, for the schedule.
    "SweeperFunctionEveryMinuteRole": _allowed(("lambda:InvokeFunction", "SweeperFunction.Arn")),
}

# Who may take on a role; of all others, Lambda.
TRUSTED = {"SweeperFunctionEveryMinuteRole": "scheduler.amazonaws.com"}

# The policies that are attached by reference, and what they grant; the receivers' own is spread over their lists.
SHARED = {"KeyPolicy": WITH_OWN_KEY, "TracePolicy": WITH_TRACES}
RECEIVER_POLICY = "ReceiverPolicy"
# What a receiver may do besides when the stores' secrets are encrypted with the user's own key.
SECRETS_WITH_OWN_KEY = _allow("kms:Decrypt", OWN_KEY, _by_way_of("ssm"))

# What hangs on a resource and says who may use it. In a key's policy "*" is that key.
OF_THE_ACCOUNT = _condition({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}})
ACCOUNT, ALARMS = "arn:${AWS::Partition}:iam::${AWS::AccountId}:root", "cloudwatch.amazonaws.com"
ON_RESOURCES = {
    "AlarmKey": {
        *(
            _allow(f"kms:{action}", "*", who=f"AWS {ACCOUNT}")
            for action in (
                "CancelKeyDeletion", "CreateAlias", "DeleteAlias", "DescribeKey", "DisableKey", "DisableKeyRotation",
                "EnableKey", "EnableKeyRotation", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants",
                "ListKeyPolicies", "ListKeyRotations", "ListResourceTags", "PutKeyPolicy", "RetireGrant",
                "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion", "TagResource", "UntagResource",
                "UpdateAlias", "UpdateKeyDescription",
            )
        ),
        _allow("kms:Decrypt", "*", OF_THE_ACCOUNT, f"Service {ALARMS}"),
        _allow("kms:GenerateDataKey", "*", OF_THE_ACCOUNT, f"Service {ALARMS}"),
    },
}
# Where a resource carries such a policy itself, and what is one by its type. Lambda's permissions are SAM's own.
POLICIES_INSIDE = {"AWS::KMS::Key": "KeyPolicy", "AWS::DynamoDB::Table": "ResourcePolicy"}
POLICY_TYPES = (
    "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::Events::EventBusPolicy", "AWS::Logs::ResourcePolicy",
    "AWS::SQS::QueueInlinePolicy", "AWS::SNS::TopicInlinePolicy", "AWS::IAM::RolePolicy",
)


def check() -> None:
    """Fails on every action or resource that is not listed, and on every one that is listed and not there."""
    resources = _transformed()
    wrong = [*_wrong_policies(resources), *_wrong_roles(resources), *_wrong_resources(resources)]
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
        trusted = TRUSTED.get(name, "lambda.amazonaws.com")
        assumed = _granted([properties["AssumeRolePolicyDocument"]])
        yield from _differences(name, assumed, {_allow("sts:AssumeRole", "", who=f"Service {trusted}")})
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function" and _name(resource["Properties"]["Role"]) != f"{name}Role.Arn":
            yield f"{name}: runs under another function's role"


def _wrong_resources(resources: dict):
    """What is granted on a resource's side: a policy there lets in whom no role names."""
    for name, resource in resources.items():
        if resource["Type"] in POLICY_TYPES:
            yield f"{name}: nobody expects a {resource['Type']}"
        inside = resource.get("Properties", {}).get(POLICIES_INSIDE.get(resource["Type"], ""))
        yield from _differences(name, _granted([inside] if inside else []), ON_RESOURCES.get(name, set()))


def _differences(name: str, granted: set, expected: set):
    for permission in sorted(granted - expected):
        yield f"{name}: {_told(permission)}, which is not listed"
    for permission in sorted(expected - granted):
        yield f"{name}: not there, but listed: {_told(permission)}"


def _told(permission: tuple[str, ...]) -> str:
    who, effect, action, resource, condition = permission
    return " ".join(filter(None, (who, effect, action, "on", resource, condition and f"if {condition}")))


def _granted(documents: list[dict]) -> set[tuple[str, ...]]:
    """Every statement taken apart, whatever the conditions of the template come to."""
    statements = [
        statement
        for document in documents
        for part in document["Statement"]
        for statement in _branches(part)
    ]
    for statement in statements:
        # Everything but what is named: no list could say what that is.
        if unknown := statement.keys() - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}:
            raise Failed(f"{statement.get('Sid')}: a statement with {', '.join(sorted(unknown))}")
    return {
        (who, statement["Effect"], action, _name(resource), _condition(statement.get("Condition")))
        for statement in statements
        for who in _who(statement.get("Principal"))
        for action in _list(statement["Action"])
        for resource in _list(statement.get("Resource", ""))
    }


def _who(principal: Any) -> list[str]:
    match principal:
        case None:
            return [""]
        case dict():
            return [f"{kind} {_name(one)}" for kind, some in principal.items() for one in _list(some)]
    return [str(principal)]


def _branches(node: Any) -> list:
    """Both sides of an Fn::If, without what is not there."""
    sides = node["Fn::If"][1:] if isinstance(node, dict) and "Fn::If" in node else [node]
    return [side for side in sides if side != {"Ref": "AWS::NoValue"}]


def _name(node: Any) -> str:
    """A resource in the template's own words."""
    match node:
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": str(text)}:
            return text
        case {"Ref": str(name)}:
            return name
    return str(node)
