"""Runs event files through the real `sam local invoke`, against the running local stack."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from local import docker, paths, port_forward, tools
from local.aws import Aws
from local.steps import Failed, step

EXPECTED = paths.EVENTS / "expected.json"
VARIABLES = paths.STATE / "sam-local-variables.json"

# A container for each core.
AT_ONCE = 2


@dataclass(frozen=True)
class Outcome:
    """The response to one event file."""

    event: str
    wanted: int
    status: int | None
    seconds: float
    output: str


def prepare(stack: dict) -> None:
    """Prepares what `sam local invoke` needs besides samconfig.toml: variables, template, image, forwarding to the emulator.

    Without a Docker engine, it writes only the files.
    """
    aws = Aws(stack["endpoint"])
    _write_variables(aws, stack)
    _write_architecture()
    if docker.is_running():
        docker.make_image(port_forward.start(aws.endpoint))


def invoke_all() -> None:
    """Run every file under events/ by `sam local invoke` and check each response's status."""
    _check(lambda event: True)


def invoke_some() -> None:
    """Runs one accepted delivery of each provider and all odd requests of the first one.

    A test checks the response to each file without containers: local/tests/test_calls.py.
    """
    samples = {f"{provider}/{sample}" for provider, sample in paths.SAMPLES.items()}
    _check(lambda event: event in samples or event.startswith(f"{paths.PROVIDERS[0]}/awkward-"))


def _check(is_wanted: Callable[[str], bool]) -> None:
    if not paths.STACK_FILE.exists():
        raise Failed("no local stack is running: make up")
    if not docker.is_running():
        raise Failed("no Docker engine is running")
    stack = json.loads(paths.STACK_FILE.read_text())
    listed = {event: status for event, status in expected(stack).items() if is_wanted(event)}
    with step("image for sam local"):
        prepare(stack)
    with step(f"sam local invoke, {len(listed)} event files"):
        outcomes = _invoke(Aws(stack["endpoint"]), list(listed.items()))
    wrong = [outcome for outcome in outcomes if outcome.status != outcome.wanted]
    for outcome in wrong:
        print(f"\n{outcome.event}: {outcome.status} instead of {outcome.wanted}\n{outcome.output[-3000:]}")
    if wrong:
        raise Failed(f"sam local: {len(wrong)} of {len(outcomes)} event files had another status than expected")


def expected(stack: dict) -> dict[str, int]:
    """Returns the status by event file, of the deployed providers. Fails if a file is not listed, or a listed one missing."""
    listed = json.loads(EXPECTED.read_text())
    found = {path.relative_to(paths.EVENTS).as_posix() for path in paths.EVENTS.glob("*/**/*.json")}
    if found != listed.keys():
        raise Failed(f"events/ and events/expected.json differ in {sorted(found ^ listed.keys())}")
    return {event: status for event, status in sorted(listed.items()) if event.split("/")[0] in stack["stores"]}


def variables(aws: Aws, name: str) -> dict[str, str]:
    """Returns the environment of a deployed function."""
    return aws.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]


def _write_variables(aws: Aws, stack: dict) -> None:
    """Writes the environment with which each function was deployed: SAM cannot resolve it from the template."""
    resources = aws.resources()
    functions = {paths.function(provider): resources[paths.function(provider)] for provider in stack["stores"]}
    VARIABLES.write_text(json.dumps({function: variables(aws, name) for function, name in functions.items()}))


def _write_architecture() -> None:
    """Makes this machine's processor the default in the built template, so that SAM chooses it without an option."""
    built = paths.BUILT / "template.yaml"
    text = built.read_text()
    pattern = r"(?m)(^  Architecture:\n(?:    .*\n)*?    Default: )\S+$"
    built.write_text(re.sub(pattern, rf"\g<1>{paths.architecture()}", text, count=1))


def _invoke(aws: Aws, expected: list[tuple[str, int]]) -> list[Outcome]:
    """Runs the first one alone, because it builds the image that all others share."""
    # The same as after `. .local/env`.
    environment = tools.environment(aws.environment())
    first = _invoke_one(environment, *expected[0])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [first, *pool.map(lambda pair: _invoke_one(environment, *pair), expected[1:])]


def _invoke_one(environment: dict[str, str], event: str, wanted: int) -> Outcome:
    # As the README prints it: everything else is in samconfig.toml.
    command = ["sam", "local", "invoke", paths.function(event.split("/")[0]), "-e", f"events/{event}"]
    started = time.monotonic()
    result = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True)
    outcome = Outcome(event, wanted, _status(result.stdout), time.monotonic() - started, result.stderr + result.stdout)
    print(f"    {outcome.status}  {event}  {outcome.seconds:.1f} s", flush=True)
    return outcome


def _status(printed: str) -> int | None:
    try:
        return json.loads(printed)["statusCode"]
    except (ValueError, KeyError, TypeError):
        return None
