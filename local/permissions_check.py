"""Compares the permissions in the transformed template with the lists in this file."""

import json
from typing import Any

from local import paths, template
from local.steps import Failed

TABLE, QUEUE, DEAD_LETTERS = "EventTable.Arn", "EventQueue.Arn", "DeadLetterQueue.Arn"
OWN_KEY = "KmsKeyArn"
SECRETS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/inlet/${Stage}"
ACCESS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/inlet-access/${Stage}"
SIGNING_SECRETS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/inlet-consumer/${Stage}"

# A permission as it is compared: principal (empty where the policy belongs to a role), effect, action, resource,
# condition.
NO_CONDITION = ""


def _allow(action: str, resource: str, condition: str = NO_CONDITION, who: str = "") -> tuple[str, ...]:
    return (who, "Allow", action, resource, condition)


def _allowed(*pairs: tuple[str, str], condition: str = NO_CONDITION) -> set[tuple[str, ...]]:
    """Returns permissions with the same condition."""
    return {_allow(action, resource, condition) for action, resource in pairs}


def _by_way_of(*services: str) -> str:
    """Returns the condition that a key is used through these services."""
    hosts = [f"{service}.${{AWS::Region}}.amazonaws.com" for service in services]
    return _condition({"StringEquals": {"kms:ViaService": hosts}})


def _condition(node: Any) -> str:
    """Returns a condition as text: the same for a value and for a list of one, and for a text with and without Fn::Sub."""
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


def _items_of(provider: str) -> str:
    """Returns the condition that a request names partition keys of this provider only."""
    return _keys(f"{provider}/*", f"quarantine/{provider}/*", f"chunk/{provider}/*")


def _keys(*keys: str) -> str:
    """Returns the condition that a request names partition keys of these forms only."""
    return _condition({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}})


# Permissions of the policies that are attached only if a parameter is set.
WITH_OWN_KEY = {
    _allow(action, OWN_KEY, _by_way_of("dynamodb", "sqs"))
    for action in (
        "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo",
    )
}
SECRETS_WITH_OWN_KEY = {_allow("kms:Decrypt", OWN_KEY, _by_way_of("ssm"))}
# X-Ray has no resource for either action: the only wildcard of a function's role.
WITH_TRACES = _allowed(("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*"))

BUS = "EventBus.Arn"
EXISTING_BUS = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBusName}"

ALLOWED = {
    **{
        f"{provider.capitalize()}FunctionRole": _allowed(
            ("dynamodb:GetItem", TABLE),
            ("dynamodb:PutItem", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("dynamodb:BatchWriteItem", TABLE),
            condition=_items_of(provider),
        ) | _allowed(
            ("sqs:SendMessage", QUEUE),
            ("ssm:GetParameters", f"{SECRETS}/{provider}/*"),
            ("ssm:GetParametersByPath", f"{SECRETS}/{provider}"),
            ("logs:CreateLogStream", f"{provider.capitalize()}Log.Arn"),
            ("logs:PutLogEvents", f"{provider.capitalize()}Log.Arn"),
        )
        for provider in paths.PROVIDERS
    },
    "RouterFunctionRole": _allowed(
        *(("lambda:InvokeFunction", f"{paths.function(provider)}.Arn") for provider in paths.PROVIDERS),
        ("logs:CreateLogStream", "RouterLog.Arn"),
        ("logs:PutLogEvents", "RouterLog.Arn"),
    ),
    "ProcessorFunctionRole": _allowed(
        ("sqs:ReceiveMessage", QUEUE),
        ("sqs:DeleteMessage", QUEUE),
        ("sqs:GetQueueAttributes", QUEUE),
        ("sqs:ChangeMessageVisibility", QUEUE),
        ("sqs:SendMessage", DEAD_LETTERS),
        ("dynamodb:GetItem", TABLE),
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:UpdateItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
        ("dynamodb:BatchGetItem", TABLE),
        ("dynamodb:BatchWriteItem", TABLE),
        ("events:PutEvents", BUS),
        ("events:PutEvents", EXISTING_BUS),
        ("lambda:InvokeFunction", "ConsumerFunctionArn"),
        ("ssm:GetParameters", SIGNING_SECRETS),
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
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:UpdateItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
        ("sqs:SendMessage", QUEUE),
        ("sqs:GetQueueAttributes", QUEUE),
        ("ssm:GetParameters", f"{SECRETS}/*"),
        ("ssm:GetParametersByPath", f"{SECRETS}/*"),
        ("logs:CreateLogStream", "SweeperLog.Arn"),
        ("logs:PutLogEvents", "SweeperLog.Arn"),
    ),
    "ReconcilerFunctionRole": _allowed(
        ("dynamodb:Query", TABLE),
        ("dynamodb:GetItem", TABLE),
        ("sqs:SendMessage", QUEUE),
        ("ssm:GetParametersByPath", ACCESS),
        ("ssm:GetParameters", f"{ACCESS}/*"),
        ("ssm:GetParameters", f"{SECRETS}/*/*/settings"),
        ("logs:CreateLogStream", "ReconcilerLog.Arn"),
        ("logs:PutLogEvents", "ReconcilerLog.Arn"),
    ) | _allowed(
        ("dynamodb:BatchWriteItem", TABLE),
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:UpdateItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
        condition=_keys(
            "reconciler",
            "sweeper",
            "hours/*",
            *(f"{part}{provider}/*" for provider in paths.PROVIDERS for part in ("", "chunk/")),
        ),
    ),
    # SAM's, for the schedules.
    "SweeperFunctionEveryMinuteRole": _allowed(("lambda:InvokeFunction", "SweeperFunction.Arn")),
    "ReconcilerFunctionEveryQuarterHourRole": _allowed(("lambda:InvokeFunction", "ReconcilerFunction.Arn")),
}

# The service that may assume a role; for all others it is Lambda.
TRUSTED = {
    "SweeperFunctionEveryMinuteRole": "scheduler.amazonaws.com",
    "ReconcilerFunctionEveryQuarterHourRole": "scheduler.amazonaws.com",
}

# The policies that roles attach by reference, and their permissions.
SHARED = {"KeyPolicy": WITH_OWN_KEY, "SecretKeyPolicy": SECRETS_WITH_OWN_KEY, "TracePolicy": WITH_TRACES}
# The policy that only the readers of secrets attach.
OF_SECRET_READERS = "SecretKeyPolicy"

# The policies that an account's administrator attaches to people.
LOGS = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
STACK = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${AWS::StackName}/*"
READ_STACK = _allowed(("cloudformation:DescribeStacks", STACK), ("cloudformation:ListStackResources", STACK))
OF_PEOPLE = {
    "InspectPolicy": READ_STACK
    | {
        _allow(f"dynamodb:{action}", resource)
        for action in (
            "BatchGetItem", "DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive", "GetItem", "Query", "Scan",
        )
        for resource in (TABLE, "${EventTable.Arn}/index/arrivals")
    }
    | _allowed(
        ("events:DescribeEventBus", BUS),
        ("events:DescribeEventBus", EXISTING_BUS),
        ("sqs:GetQueueAttributes", QUEUE),
        ("sqs:GetQueueAttributes", DEAD_LETTERS),
        ("logs:FilterLogEvents", LOGS + "/inlet/${Stage}/*"),
        ("logs:FilterLogEvents", LOGS + "/aws/vendedlogs/inlet/${Stage}/*"),
        ("cloudwatch:DescribeAlarms", "*"),
        ("cloudwatch:GetMetricStatistics", "*"),
        ("sns:GetTopicAttributes", "AlarmTopic"),
        ("apigateway:GET", "arn:${AWS::Partition}:apigateway:${AWS::Region}::/account"),
        ("lambda:GetAccountSettings", "*"),
        ("lambda:GetFunctionConfiguration", "ConsumerFunctionArn"),
    )
    | {_allow("kms:Decrypt", OWN_KEY, _by_way_of("dynamodb", "sqs"))},
    "RecoverPolicy": {
        _allow(f"dynamodb:{action}", TABLE)
        for action in ("BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem")
    }
    | {
        _allow(f"dynamodb:{action}", "${EventTable.Arn}-*")
        for action in ("BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan")
    }
    | _allowed(
        ("sqs:SendMessage", QUEUE),
        ("sqs:ChangeMessageVisibility", DEAD_LETTERS),
        ("sqs:DeleteMessage", DEAD_LETTERS),
        ("sqs:ReceiveMessage", DEAD_LETTERS),
        ("ssm:GetParameters", f"{SECRETS}/*"),
        ("ssm:GetParametersByPath", f"{SECRETS}/*"),
    )
    | {_allow(action, OWN_KEY, _by_way_of("dynamodb", "sqs", "ssm")) for action in ("kms:Decrypt", "kms:GenerateDataKey")},
    "SecretsPolicy": READ_STACK
    | {
        _allow(f"ssm:{action}", resource)
        for action in ("DeleteParameter", "GetParameter", "GetParameterHistory", "GetParametersByPath", "PutParameter")
        for resource in (f"{SECRETS}/*", SIGNING_SECRETS)
    }
    | {_allow(action, OWN_KEY, _by_way_of("ssm")) for action in ("kms:Decrypt", "kms:Encrypt")},
}

# Permissions in a resource's own policy: none, so far.
ON_RESOURCES: dict[str, set[tuple[str, ...]]] = {}
# Properties that contain such a policy, and types that are one. SAM writes Lambda's permissions itself.
POLICIES_INSIDE = {"AWS::KMS::Key": "KeyPolicy", "AWS::DynamoDB::Table": "ResourcePolicy"}
POLICY_TYPES = (
    "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::Events::EventBusPolicy", "AWS::Logs::ResourcePolicy",
    "AWS::SQS::QueueInlinePolicy", "AWS::SNS::TopicInlinePolicy", "AWS::IAM::RolePolicy",
)


def differences() -> list[str]:
    """Returns a sentence for each permission that is granted and not listed, or listed and not granted."""
    resources = template.transformed()["Resources"]
    return [*_wrong_policies(resources), *_wrong_roles(resources), *_wrong_resources(resources)]


def actions(role: str) -> set[str]:
    """Returns the actions that the transformed template allows a role, those of its conditional policies left out."""
    policies = template.transformed()["Resources"][role]["Properties"].get("Policies", [])
    return {action for _, _, action, _, _ in _granted([policy["PolicyDocument"] for policy in policies])}


def leading_keys(role: str) -> list[str]:
    """Returns the patterns of the partition keys that a role may name, or an empty list if it may name all."""
    statements = [
        statement
        for policy in template.transformed()["Resources"][role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if any(action.startswith("dynamodb:") for action in _list(statement["Action"]))
    ]
    return [
        pattern
        for statement in statements
        for pattern in statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    ]


def _wrong_policies(resources: dict):
    for name, expected in {**SHARED, **OF_PEOPLE}.items():
        yield from _differences(name, _granted([resources[name]["Properties"]["PolicyDocument"]]), expected)
    known = {*SHARED, *OF_PEOPLE}
    for name, resource in resources.items():
        if resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy") and name not in known:
            yield f"{name}: a policy that is not listed"
        if resource["Type"] in ("AWS::IAM::User", "AWS::IAM::Group", "AWS::Lambda::Url"):
            yield f"{name}: a {resource['Type']} is not expected"


def _wrong_roles(resources: dict):
    roles = {name: resource for name, resource in resources.items() if resource["Type"] == "AWS::IAM::Role"}
    for name in sorted(roles.keys() ^ ALLOWED.keys()):
        yield f"{name}: {'a role that is not listed' if name in roles else 'a listed role that does not exist'}"
    for name in sorted(roles.keys() & ALLOWED.keys()):
        properties = roles[name]["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        attached = {_name(policy) for branch in properties.get("ManagedPolicyArns", []) for policy in _branches(branch)}
        allowed = set(SHARED) if _reads_secrets(name) else set(SHARED) - {OF_SECRET_READERS}
        for policy in attached - allowed:
            yield f"{name}: {policy} is attached"
        yield from _differences(name, _granted(documents), ALLOWED[name])
        trusted = TRUSTED.get(name, "lambda.amazonaws.com")
        assumed = _granted([properties["AssumeRolePolicyDocument"]])
        yield from _differences(name, assumed, {_allow("sts:AssumeRole", "", who=f"Service {trusted}")})
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function" and _name(resource["Properties"]["Role"]) != f"{name}Role.Arn":
            yield f"{name}: runs under another function's role"


def _wrong_resources(resources: dict):
    """Checks the resources' own policies: they can grant access that no role shows."""
    for name, resource in resources.items():
        if resource["Type"] in POLICY_TYPES:
            yield f"{name}: a {resource['Type']} is not expected"
        inside = resource.get("Properties", {}).get(POLICIES_INSIDE.get(resource["Type"], ""))
        yield from _differences(name, _granted([inside] if inside else []), ON_RESOURCES.get(name, set()))


def _reads_secrets(role: str) -> bool:
    others = {"ProcessorFunctionRole", "SweeperFunctionRole", "ReconcilerFunctionRole"}
    return role in {f"{paths.function(provider)}Role" for provider in paths.PROVIDERS} | others


def _differences(name: str, granted: set, expected: set):
    for permission in sorted(granted - expected):
        yield f"{name}: {_text(permission)}, which is not listed"
    for permission in sorted(expected - granted):
        yield f"{name}: listed, but not granted: {_text(permission)}"


def _text(permission: tuple[str, ...]) -> str:
    who, effect, action, resource, condition = permission
    return " ".join(filter(None, (who, effect, action, "on", resource, condition and f"if {condition}")))


def _granted(documents: list[dict]) -> set[tuple[str, ...]]:
    """Returns every statement's permissions, for every value of the template's conditions."""
    statements = [
        statement
        for document in documents
        for part in document["Statement"]
        for statement in _branches(part)
    ]
    for statement in statements:
        # NotAction and its like grant everything that they do not name, which no list can contain.
        if unknown := statement.keys() - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}:
            raise Failed(f"{statement.get('Sid')}: a statement with {', '.join(sorted(unknown))}")
    return {
        (who, statement["Effect"], action, _name(resource), _condition(statement.get("Condition")))
        for statement in statements
        for who in _who(statement.get("Principal"))
        for action in _list(statement["Action"])
        for named in _list(statement.get("Resource", ""))
        for resource in _branches(named)
    }


def _who(principal: Any) -> list[str]:
    match principal:
        case None:
            return [""]
        case dict():
            return [f"{kind} {_name(one)}" for kind, some in principal.items() for one in _list(some)]
    return [str(principal)]


def _branches(node: Any) -> list:
    """Returns both sides of an Fn::If without AWS::NoValue, or the node itself."""
    sides = node["Fn::If"][1:] if isinstance(node, dict) and "Fn::If" in node else [node]
    return [side for side in sides if side != {"Ref": "AWS::NoValue"}]


def _name(node: Any) -> str:
    """Returns a resource as the template names it."""
    match node:
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": str(text)}:
            return text
        case {"Ref": str(name)}:
            return name
    return str(node)
