"""Runs every event file through the real `sam local invoke`, against the running local stack."""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import boto3

from local import deploy, engine, passage, place, tools
from local.steps import Failed, step

EXPECTED = place.EVENTS / "expected.json"
VARIABLES = place.STATE / "sam-local-variables.json"

# As many containers as the machine has to have cores.
AT_ONCE = 2


@dataclass(frozen=True)
class Outcome:
    """What one event file was answered."""

    event: str
    wanted: int
    status: int | None
    seconds: float
    output: str


def invoke_all() -> None:
    """Runs every file under events/ by `sam local invoke` and checks each answer's status."""
    if not place.STACK_FILE.exists():
        raise Failed("no local stack is up: make up")
    if not engine.answers():
        raise Failed("no Docker engine answers")
    stack = json.loads(place.STACK_FILE.read_text())
    expected = _expected(stack)
    with step("image for sam local"), passage.from_containers(stack["endpoint"]) as endpoint:
        engine.make_image(endpoint)
    with step(f"sam local invoke, {len(expected)} event files"), passage.from_containers(stack["endpoint"]):
        _write_variables(stack)
        outcomes = _invoke(list(expected.items()))
    wrong = [outcome for outcome in outcomes if outcome.status != outcome.wanted]
    for outcome in wrong:
        print(f"\n{outcome.event}: {outcome.status} instead of {outcome.wanted}\n{outcome.output[-3000:]}")
    if wrong:
        raise Failed(f"sam local: {len(wrong)} of {len(outcomes)} event files were not answered as they should be")


def _expected(stack: dict) -> dict[str, int]:
    """Event file to status, of the deployed providers; every file must be listed, every listed one be there."""
    listed = json.loads(EXPECTED.read_text())
    found = {path.relative_to(place.EVENTS).as_posix() for path in place.EVENTS.glob("*/**/*.json")}
    if found != listed.keys():
        raise Failed(f"events/ and events/expected.json differ in {sorted(found ^ listed.keys())}")
    return {event: status for event, status in sorted(listed.items()) if event.split("/")[0] in stack["stores"]}


def _write_variables(stack: dict) -> None:
    """The environment that each function was deployed with: SAM cannot resolve it from the template."""
    session = boto3.Session(region_name=stack["region"], **_credentials())
    clients = {name: session.client(name, endpoint_url=stack["endpoint"]) for name in ("cloudformation", "lambda")}
    variables = {}
    for provider in stack["stores"]:
        function = _function(provider)
        resource = clients["cloudformation"].describe_stack_resource(StackName=place.STACK, LogicalResourceId=function)
        name = resource["StackResourceDetail"]["PhysicalResourceId"]
        configuration = clients["lambda"].get_function_configuration(FunctionName=name)
        variables[function] = configuration["Environment"]["Variables"]
    VARIABLES.write_text(json.dumps(variables, indent=2))


def _invoke(expected: list[tuple[str, int]]) -> list[Outcome]:
    """The first alone, for it builds the image that all the others share."""
    first = _invoke_one(*expected[0])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [first, *pool.map(lambda pair: _invoke_one(*pair), expected[1:])]


def _invoke_one(event: str, wanted: int) -> Outcome:
    command = [
        "sam", "local", "invoke", _function(event.split("/")[0]), "--event", place.EVENTS / event,
        "--template", place.BUILT / "template.yaml", "--env-vars", VARIABLES, "--region", place.REGION,
        "--invoke-image", engine.IMAGE, "--skip-pull-image", "--parameter-overrides", *deploy.parameters([]),
    ]
    started = time.monotonic()
    environment = tools.environment() | place.ACCESS_KEY
    result = subprocess.run(command, cwd=place.ROOT, env=environment, capture_output=True, text=True)
    outcome = Outcome(event, wanted, _status(result.stdout), time.monotonic() - started, result.stderr + result.stdout)
    print(f"    {outcome.status}  {event}  {outcome.seconds:.1f} s", flush=True)
    return outcome


def _status(printed: str) -> int | None:
    try:
        return json.loads(printed)["statusCode"]
    except (ValueError, KeyError, TypeError):
        return None


def _function(provider: str) -> str:
    return f"{provider.capitalize()}Function"


def _credentials() -> dict[str, str]:
    return {name.lower(): value for name, value in place.ACCESS_KEY.items()}
