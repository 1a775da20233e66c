"""Deploys the real template to the emulator with the real `sam deploy`."""

import json

from local import place, tools
from local.aws import Aws
from local.steps import run

RECORD = place.STATE / "deployed.json"


def parameters(without: list[str]) -> list[str]:
    """The template's parameters for this stack, as `sam` takes them."""
    switched_off = [f"{provider.capitalize()}=no" for provider in without]
    # Soon, so that tests need not wait for two minutes.
    soon = f"SettledSeconds={place.SETTLED_SECONDS}"
    return [f"Stage={place.STAGE}", f"Architecture={place.architecture()}", soon, *switched_off]


def deploy(aws: Aws, parameters: list[str]) -> None:
    command = [
        "sam", "deploy", "--template-file", place.BUILT / "template.yaml", "--stack-name", place.STACK,
        "--region", place.REGION, "--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-progressbar",
        "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides", *parameters,
    ]
    run(command, log="sam-deploy", env=tools.environment(aws.environment()))


def is_current(state: dict) -> bool:
    """Whether `state` is what was last deployed."""
    return RECORD.exists() and place.BUILT.exists() and json.loads(RECORD.read_text()) == state


def remember(state: dict) -> None:
    RECORD.write_text(json.dumps(state))


def forget() -> None:
    RECORD.unlink(missing_ok=True)
