"""Runs the project's checks in order and stops at the first failure."""

import time

from local import advisories, bench, cargo, docker, fuzz, paths, samlocal, stack, timing, tools, words
from local.steps import Failed, Unavailable, run

NO_ENGINE = """
********************************************************************************
*  NOT CHECKED: no Docker engine is running: `sam local invoke` was not run.   *
*  Start one (on Debian: apt-get install docker.io, then dockerd) and repeat.  *
********************************************************************************
"""


# Enough for faults that every input triggers; `make fuzz` runs each target for a minute.
FUZZ_SECONDS = 3


def lint() -> None:
    """Check formatting, clippy, dependencies and the template."""
    _run(FORM)


def test() -> None:
    """Run every check, with a local stack that is stopped at the end."""
    try:
        _run(FORM | BEHAVIOUR)
    finally:
        stack.down()


def _run(checks: dict) -> None:
    started = time.monotonic()
    passed = skipped = 0
    for headline, check in checks.items():
        try:
            _timed(headline, check)
            passed += 1
        except Unavailable as reason:
            print(reason, flush=True)
            skipped += 1
        except Failed:
            print(f"\n{headline} failed\n{passed} passed, 1 failed", flush=True)
            raise
    print(f"\nthe checks took {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, 0 failed" + (f", {skipped} skipped" if skipped else ""), flush=True)


def _timed(headline: str, check) -> None:
    print(f"\n=== {headline}", flush=True)
    started = time.monotonic()
    check()
    print(f"=== {headline}: {time.monotonic() - started:.0f} s", flush=True)


def _program(*command: str):
    return lambda: run(command, env=tools.environment())


def _pytest(marks: str):
    return _program("python3", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-m", marks, "local/tests")


def _unit_tests() -> None:
    for call in cargo.unit_tests():
        run(call, env=tools.environment())


def _end_to_end_tests() -> None:
    run(cargo.end_to_end_tests(), env=tools.environment())


def _stack_tests() -> None:
    # The end-to-end tests leave stores, messages and parked events behind, which a consumer under test would get too.
    stack.down()
    stack.up(without=[])
    _pytest("stack or npm")()


def _cargo_deny() -> None:
    tools.install_cargo_deny()
    run(["cargo", "deny", "--locked", "check", "licenses", "bans", "sources"], env=tools.environment())


def _sam_local() -> None:
    if not docker.is_running():
        raise Unavailable(NO_ENGINE)
    samlocal.invoke_some()


FORM = {
    "formatting": _program("cargo", "fmt", "--all", "--check"),
    "template, by sam": _program("sam", "validate", "--lint", "--region", paths.REGION),
    "template, by cfn-lint": _program("cfn-lint"),
    "template: names, permissions, upgrades": _pytest("not stack and not npm and not release and not workspace_copy"),
    "licences, bans and sources": _cargo_deny,
    "known vulnerabilities": advisories.check,
    "plain language": words.check,
    "clippy": _program("cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"),
}

BEHAVIOUR = {
    "unit, table and property tests": _unit_tests,
    "a sixth provider, in a copy": _pytest("workspace_copy"),
    "comparisons, by their instructions": timing.count_instructions,
    "hostile input, for seconds": lambda: fuzz.fuzz(FUZZ_SECONDS),
    "local stack": lambda: stack.up(without=[]),
    "size, instructions and calls": bench.gate,
    "end to end tests": _end_to_end_tests,
    "deployment, permissions and calls, on the local stack": _stack_tests,
    "event files, by sam local": _sam_local,
}
