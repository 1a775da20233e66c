"""Every check of the project in order, up to the first that fails."""

import os
import time

from local import engine, place, samlocal, stack, tools
from local.steps import Failed, run, step

LINTS = {
    "cargo fmt": ["cargo", "fmt", "--all", "--check"],
    "cargo clippy": ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"],
    "cargo deny": ["cargo", "deny", "--locked", "check", "licenses", "bans", "sources"],
    "sam validate": ["sam", "validate", "--lint", "--region", place.REGION],
    "cfn-lint": ["cfn-lint"],
}

# The end-to-end tests are a package of their own, for they need the stack.
UNIT_TESTS = ["cargo", "test", "--locked", "--workspace", "--exclude", "inlet-tests"]
END_TO_END_TESTS = ["cargo", "test", "--locked", "--package", "inlet-tests"]

NO_ENGINE = """
********************************************************************************
*  NOT CHECKED: no Docker engine answers, so `sam local invoke` was not run.   *
*  Start one (Debian: apt-get install docker.io, then dockerd) and repeat.     *
********************************************************************************
"""


def lint() -> int:
    """Checks form: formatting, clippy, licences and the template."""
    tools.install_cargo_deny()
    for headline, command in LINTS.items():
        _check(headline, command)
    return len(LINTS)


def test() -> None:
    """Runs every check there is, with a local stack of its own that is taken down at the end."""
    started = time.monotonic()
    passed = lint()
    _check("unit, table and property tests", UNIT_TESTS)
    try:
        stack.up(without=[])
        _check("end to end tests", END_TO_END_TESTS)
        skipped = _sam_local()
    finally:
        stack.down()
    passed += 4 - skipped
    print(f"\nall of it took {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, 0 failed" + (f", {skipped} skipped" if skipped else ""))


def _sam_local() -> int:
    """How many checks were skipped."""
    if not engine.answers():
        print(NO_ENGINE, flush=True)
        return 1
    samlocal.invoke_all()
    return 0


def _check(headline: str, command: list[str]) -> None:
    with step(headline):
        run(command, env=_environment())


def _environment() -> dict[str, str]:
    environment = tools.environment()
    return environment | {"CARGO_INCREMENTAL": "0"} if os.environ.get("CI") else environment
