"""Attaches your own consumer to the local stack: a folder with a function's SAM template, or the URL of an endpoint."""

import json
import re
from pathlib import Path

from local import consumer_packages, paths, tools
from local.aws import Aws
from local.steps import Failed, run, step

# The parameter with the secrets that sign requests to an endpoint, and the local stack's own secret.
SECRETS = f"/inlet-consumer/{paths.STAGE}"
DEMO_SECRET = "whsec_bG9jYWwgc3RhY2sgZGVtbyBzZWNyZXQgZm9yIHRlc3Rz"

# Seconds until a failed message is received again. In an account they are 180: the queue's visibility timeout.
RETRY_SECONDS = 10
USUAL_SECONDS = 180

# An empty value, as `sam deploy` reads it.
NOTHING = '""'

NEXT_FUNCTION = """
The function {function} gets the events of the local stack. Next:

  make order      # send a Zid order that changes twice, and print the function's log

After a change of the code: make up CONSUMER={consumer}"""

NEXT_ENDPOINT = """
{consumer} gets the events of the local stack. Next, in the endpoint's shell and in this one:

  export INLET_SECRETS={secret}
  make order      # send a Zid order that changes twice"""


def deploy(aws: Aws, consumer: str | None) -> list[str]:
    """Deploys the consumer, and returns the parameters that connect Inlet's stack to it, or to its bus without one.

    A parameter that is not given keeps its value, so both are.
    """
    function, url = NOTHING, NOTHING
    if consumer is not None and _is_url(consumer):
        secrets = json.dumps([DEMO_SECRET])
        aws.client("ssm").put_parameter(Name=SECRETS, Type="SecureString", Value=secrets, Overwrite=True)
        url = consumer
    elif consumer is not None:
        with step(f"deploy {consumer}"):
            function = deploy_folder(aws, Path(consumer).resolve())["FunctionArn"]
    return [f"ConsumerFunctionArn={function}", f"ConsumerUrl={url}"]


def deploy_folder(aws: Aws, folder: Path, *parameters: str) -> dict[str, str]:
    """Builds and deploys a folder with a SAM template as the stack of the folder's name, and returns its outputs."""
    if not (folder / "template.yaml").is_file():
        raise Failed(f"{folder} has no template.yaml")
    if (folder / "package.json").is_file():
        _build(folder)
    overrides = ["--parameter-overrides", *parameters] if parameters else []
    command = [
        "sam", "deploy", "--stack-name", stack_name(folder), "--region", paths.REGION, "--capabilities", "CAPABILITY_IAM",
        "--resolve-s3", "--no-progressbar", "--no-confirm-changeset", "--no-fail-on-empty-changeset", *overrides,
    ]
    run(command, log="sam-deploy-consumer", directory=folder, env=tools.environment(aws.environment()))
    return aws.outputs(stack_name(folder))


def stack_name(folder: Path) -> str:
    """Returns the name of the folder's stack."""
    return re.sub(r"[^A-Za-z0-9-]", "-", folder.name)


def set_retry_delay(aws: Aws, queue_url: str, consumer: str | None) -> None:
    """Shortens the time until a failed message is tried again, so that a person can watch it."""
    seconds = RETRY_SECONDS if consumer else USUAL_SECONDS
    aws.client("sqs").set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": str(seconds)})


def next_commands(aws: Aws, consumer: str) -> str:
    """Returns the commands that follow."""
    if _is_url(consumer):
        return NEXT_ENDPOINT.format(consumer=consumer, secret=DEMO_SECRET)
    return NEXT_FUNCTION.format(function=function_name(aws, consumer), consumer=consumer)


def function_name(aws: Aws, consumer: str) -> str:
    """Returns the name of the function of a folder that is deployed."""
    return aws.outputs(stack_name(Path(consumer).resolve()))["FunctionName"]


def _is_url(consumer: str) -> bool:
    return re.match(r"https?://", consumer) is not None


def _build(folder: Path) -> None:
    """Installs a TypeScript function's dependencies and the package of this repository, and builds it."""
    run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], log="npm-install", directory=folder)
    archive = consumer_packages.archive()
    run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--no-save", archive], log="npm-install", directory=folder)
    run(["npm", "run", "build"], log="npm-build", directory=folder)
