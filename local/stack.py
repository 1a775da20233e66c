"""Brings the local stack up and takes it down."""

import json
import shutil

from local import build, deploy, emulator, permissions, place, routes, show, stores
from local.aws import Aws
from local.steps import step


def up(without: list[str]) -> None:
    """Start the local stack or bring it up to date, and send a sample of each provider."""
    with step("emulator"):
        running = emulator.start()
    with step("compile the functions"):
        build.compile_functions()
    aws = Aws(running.endpoint)
    parameters = deploy.parameters(without)
    state = {"emulator": running.started, "code": build.fingerprint(), "parameters": parameters}
    if not deploy.is_current(state):
        _deploy(aws, parameters)
        deploy.remember(state)
    stores.put_secrets(aws)
    stack = _describe(aws, without)
    with step("one sample of each provider"):
        show.send_samples(aws, stack)
    print(f"\nup: {stack['api']}   (all of it: .local/stack.json; to stop: make down)")


def down() -> None:
    """Stop the local stack; the tools and what was compiled stay for the next time."""
    emulator.stop()
    deploy.forget()
    place.STACK_FILE.unlink(missing_ok=True)
    shutil.rmtree(place.BUILT.parent, ignore_errors=True)


def described() -> dict:
    """What is known of the stack that is up."""
    return json.loads(place.STACK_FILE.read_text())


def _deploy(aws: Aws, parameters: list[str]) -> None:
    place.STACK_FILE.unlink(missing_ok=True)
    with step("sam build"):
        build.pack(parameters)
    with step("sam deploy"):
        deploy.deploy(aws, parameters)
    with step("routes and permissions"):
        routes.create(aws)
        permissions.widen(aws)


def _describe(aws: Aws, without: list[str]) -> dict:
    """Writes .local/stack.json: all that a client of this stack has to know."""
    outputs = aws.outputs()
    stack = {
        "endpoint": aws.endpoint,
        "region": place.REGION,
        # The API's own host name is one that not every client can resolve; its id in the path does as well.
        "api": f"{aws.endpoint}/_aws/execute-api/{aws.resources()['Api']}",
        "table": outputs["TableName"],
        "queue_url": outputs["QueueUrl"],
        "dlq_url": outputs["DeadLetterQueueUrl"],
        "bus": outputs["BusName"],
        "stage": place.STAGE,
        "stores": {provider: demo for provider, demo in stores.DEMO.items() if provider not in without},
    }
    place.STACK_FILE.write_text(json.dumps(stack, indent=2) + "\n")
    return stack
