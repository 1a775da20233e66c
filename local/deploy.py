"""Deploys the real template to the emulator with the real `sam deploy`."""

import json

from local import paths, tools
from local.aws import Aws
from local.steps import run

RECORD = paths.STATE / "deployed.json"


def parameters(without: list[str]) -> list[str]:
    """Returns the template's parameters for this stack, as `sam` takes them."""
    switched_off = [f"{provider.capitalize()}=no" for provider in without]
    # So that tests need not wait for two minutes.
    resend = f"ResendAfterSeconds={paths.RESEND_AFTER_SECONDS}"
    return [f"Stage={paths.STAGE}", f"Architecture={paths.architecture()}", resend, *switched_off]


def deploy(aws: Aws, parameters: list[str]) -> None:
    command = [
        "python3", "-m", "local.quick_sam", "deploy",
        "--template-file", paths.BUILT / "template.yaml", "--stack-name", paths.STACK,
        "--region", paths.REGION, "--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-progressbar",
        "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides", *parameters,
    ]
    run(command, log="sam-deploy", env=tools.environment(aws.environment()))


def is_current(state: dict) -> bool:
    """Returns whether `state` was deployed last."""
    return RECORD.exists() and paths.BUILT.exists() and json.loads(RECORD.read_text()) == state


def is_packed(code: str) -> bool:
    """Returns whether the functions that were deployed last have this code: then other parameters need no `sam build`."""
    return RECORD.exists() and paths.BUILT.exists() and json.loads(RECORD.read_text())["code"] == code


def remember(state: dict) -> None:
    RECORD.write_text(json.dumps(state))


def forget() -> None:
    RECORD.unlink(missing_ok=True)
