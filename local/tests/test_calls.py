"""Each role allows the calls of its function's binary and no others; receivers stay within their provider's items."""

import json
from fnmatch import fnmatchcase

import pytest

from local import build, calls, paths, permissions_check, runtime, samlocal
from local.aws import Aws

pytestmark = pytest.mark.stack

ROLES = {f"inlet-{provider}": f"{paths.function(provider)}Role" for provider in paths.PROVIDERS} | {
    "inlet-router": "RouterFunctionRole",
    "inlet-processor": "ProcessorFunctionRole",
    "inlet-sweeper": "SweeperFunctionRole",
    "inlet-reconciler": "ReconcilerFunctionRole",
}

# Calls that Lambda makes with the function's role: its poller of the queue, and the writer of the logs.
BY_LAMBDA = {
    "inlet-processor": {
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
    },
}
LOGGING = {"logs:CreateLogStream", "logs:PutLogEvents"}


def binary(name: str):
    return build.TARGET / "lambda" / name / "bootstrap"


def test_every_function_has_a_role_here():
    assert set(build.binaries()) == ROLES.keys()


@pytest.mark.parametrize("name", ROLES)
def test_a_role_allows_the_calls_of_its_binary(name, running_stack):
    needed = calls.in_binary(binary(name)) | BY_LAMBDA.get(name, set()) | LOGGING
    assert permissions_check.actions(ROLES[name]) == needed


@pytest.mark.parametrize("provider", paths.PROVIDERS)
def test_a_receiver_names_items_of_its_provider_only(provider, running_stack):
    aws = Aws(running_stack["endpoint"])
    role = ROLES[f"inlet-{provider}"]
    patterns, allowed = permissions_check.leading_keys(role), permissions_check.actions(role)
    assert patterns
    with calls.Recorder(aws.endpoint) as recorder:
        program = [binary(f"inlet-{provider}")]
        with runtime.running(aws, provider, program, f"calls-{provider}", recorder.endpoint) as function:
            expected = samlocal.expected({"stores": [provider]})
            events = {event: json.loads((paths.EVENTS / event).read_text()) for event in expected}
            assert {event: function.invoke(request)["statusCode"] for event, request in events.items()} == expected
    keys = {key for call in recorder.calls for key in call.leading_keys()}
    assert keys, "no call to the table was recorded"
    assert {key for key in keys if not any(fnmatchcase(key, pattern) for pattern in patterns)} == set()
    assert {call.operation for call in recorder.calls} - allowed <= calls.ACTIONS_OF.keys()
