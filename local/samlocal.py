"""Runs every event file through the real `sam local invoke`, against the running local stack."""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from local import deploy, engine, passage, place, tools
from local.aws import Aws
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
    """Run every file under events/ by `sam local invoke` and check each answer's status."""
    if not place.STACK_FILE.exists():
        raise Failed("no local stack is up: make up")
    if not engine.answers():
        raise Failed("no Docker engine answers")
    stack = json.loads(place.STACK_FILE.read_text())
    aws = Aws(stack["endpoint"])
    listed = expected(stack)
    with passage.from_containers(aws.endpoint) as endpoint:
        with step("image for sam local"):
            engine.make_image(endpoint)
        with step(f"sam local invoke, {len(listed)} event files"):
            _write_variables(aws, stack)
            outcomes = _invoke(aws, list(listed.items()))
    wrong = [outcome for outcome in outcomes if outcome.status != outcome.wanted]
    for outcome in wrong:
        print(f"\n{outcome.event}: {outcome.status} instead of {outcome.wanted}\n{outcome.output[-3000:]}")
    if wrong:
        raise Failed(f"sam local: {len(wrong)} of {len(outcomes)} event files were not answered as they should be")


def expected(stack: dict) -> dict[str, int]:
    """Event file to status, of the deployed providers; every file must be listed, every listed one be there."""
    listed = json.loads(EXPECTED.read_text())
    found = {path.relative_to(place.EVENTS).as_posix() for path in place.EVENTS.glob("*/**/*.json")}
    if found != listed.keys():
        raise Failed(f"events/ and events/expected.json differ in {sorted(found ^ listed.keys())}")
    return {event: status for event, status in sorted(listed.items()) if event.split("/")[0] in stack["stores"]}


def _write_variables(aws: Aws, stack: dict) -> None:
    """The environment that each function was deployed with: SAM cannot resolve it from the template."""
    resources = aws.resources()
    functions = {place.function(provider): resources[place.function(provider)] for provider in stack["stores"]}
    VARIABLES.write_text(json.dumps({function: variables(aws, name) for function, name in functions.items()}))


def variables(aws: Aws, name: str) -> dict[str, str]:
    return aws.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]


def _invoke(aws: Aws, expected: list[tuple[str, int]]) -> list[Outcome]:
    """The first alone, for it builds the image that all the others share."""
    # SAM itself asks for the account's number, which without the emulator it would seek far away.
    environment = tools.environment(aws.environment())
    first = _invoke_one(environment, *expected[0])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [first, *pool.map(lambda pair: _invoke_one(environment, *pair), expected[1:])]


def _invoke_one(environment: dict[str, str], event: str, wanted: int) -> Outcome:
    command = [
        "sam", "local", "invoke", place.function(event.split("/")[0]), "--event", place.EVENTS / event,
        "--template", place.BUILT / "template.yaml", "--env-vars", VARIABLES, "--region", place.REGION,
        "--invoke-image", engine.IMAGE, "--skip-pull-image", "--parameter-overrides", *deploy.parameters([]),
    ]
    started = time.monotonic()
    result = subprocess.run(command, cwd=place.ROOT, env=environment, capture_output=True, text=True)
    outcome = Outcome(event, wanted, _status(result.stdout), time.monotonic() - started, result.stderr + result.stdout)
    print(f"    {outcome.status}  {event}  {outcome.seconds:.1f} s", flush=True)
    return outcome


def _status(printed: str) -> int | None:
    try:
        return json.loads(printed)["statusCode"]
    except (ValueError, KeyError, TypeError):
        return None

