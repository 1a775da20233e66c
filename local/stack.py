"""Brings the local stack up and takes it down."""

import json
import shutil

import boto3

from local import build, deploy, emulator, place, routes, show, stores
from local.steps import step


def up(without: list[str]) -> None:
    """Emulator, build, deploy, routes and secrets, as far as they are not there already; then the samples."""
    with step("emulator"):
        running = emulator.start()
    with step("compile the functions"):
        build.compile_functions()
    parameters = deploy.parameters(without)
    state = {"emulator": running.started, "code": build.fingerprint(), "parameters": parameters}
    session = _session(running.endpoint)
    if not deploy.is_current(state):
        _deploy(running.endpoint, session, parameters)
        deploy.remember(state)
    stack = _describe(running.endpoint, session, without)
    with step("one sample of each provider"):
        show.send_samples(session, stack)
    print(f"\nup: {stack['api']}   (.local/stack.json has the rest; make down stops it)")


def down() -> None:
    """Stops the emulator; the tools and what was compiled stay for the next time."""
    emulator.stop()
    for record in (place.STACK_FILE, deploy.RECORD):
        record.unlink(missing_ok=True)
    shutil.rmtree(place.BUILT.parent, ignore_errors=True)


def _deploy(endpoint: str, session: boto3.Session, parameters: list[str]) -> None:
    place.STACK_FILE.unlink(missing_ok=True)
    with step("sam build"):
        build.pack(parameters)
    with step("sam deploy"):
        deploy.deploy(endpoint, parameters)
    with step("routes and secrets"):
        routes.create(session)
        stores.put_secrets(session)


def _describe(endpoint: str, session: boto3.Session, without: list[str]) -> dict:
    """Writes .local/stack.json: all that a client of this stack has to know."""
    outputs = deploy.outputs(session)
    stack = {
        "endpoint": endpoint,
        "region": place.REGION,
        "api": f"{endpoint}/_aws/execute-api/{_api_id(outputs)}",
        "table": outputs["TableName"],
        "queue_url": outputs["QueueUrl"],
        "dlq_url": outputs["DeadLetterQueueUrl"],
        "bus": outputs.get("BusName"),
        "stage": place.STAGE,
        "stores": {provider: demo for provider, demo in stores.DEMO.items() if provider not in without},
    }
    place.STACK_FILE.write_text(json.dumps(stack, indent=2) + "\n")
    return stack


def _api_id(outputs: dict[str, str]) -> str:
    """The first label of the API's own host name, which only some clients can resolve here."""
    return outputs["ApiUrl"].split("://")[1].split(".")[0]


def _session(endpoint: str) -> boto3.Session:
    import os

    os.environ.update(place.aws_environment(endpoint))
    return boto3.Session(region_name=place.REGION)
