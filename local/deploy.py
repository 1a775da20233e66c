"""Deploys the real template to the emulator with the real `sam deploy`."""

import json

import boto3

from local import place, tools
from local.steps import run

RECORD = place.STATE / "deployed.json"


def parameters(without: list[str]) -> list[str]:
    """The template's parameters for this stack, as `sam` takes them."""
    switched_off = [f"{provider.capitalize()}=no" for provider in without]
    return [f"Stage={place.STAGE}", f"Architecture={place.architecture()}", *switched_off]


def deploy(endpoint: str, parameters: list[str]) -> None:
    command = [
        "sam", "deploy", "--template-file", place.BUILT / "template.yaml", "--stack-name", place.STACK,
        "--region", place.REGION, "--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-progressbar",
        "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides", *parameters,
    ]
    run(command, log="sam-deploy", env=tools.environment(place.aws_environment(endpoint)))


def is_current(state: dict) -> bool:
    """Whether `state` is what was last deployed."""
    return RECORD.exists() and (place.BUILT / "template.yaml").exists() and json.loads(RECORD.read_text()) == state


def remember(state: dict) -> None:
    RECORD.write_text(json.dumps(state))


def outputs(session: boto3.Session) -> dict[str, str]:
    """The stack's outputs by name."""
    stack = session.client("cloudformation").describe_stacks(StackName=place.STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
