"""The long forms of the proof by faults, against the running local stack or one that is started for them."""

import os

from local import stack, tools
from local.steps import run


def faults() -> None:
    """Run every fault of every call and print the table."""
    _run("nothing_is_lost_to_any_fault_of_any_call", {})


def soak(events: int) -> None:
    """Send many mixed events while faults come and go, and reconcile."""
    _run("nothing_is_lost_while_faults_come_and_go", {"INLET_SOAK": str(events)})


def _run(test: str, variables: dict[str, str]) -> None:
    """Brings the stack up to date first, so that the binaries are those of the code as it is; it stays up."""
    stack.up(without=[])
    command = ["cargo", "test", "--locked", "--package", "inlet-tests", "--test", "faults"]
    run([*command, "--", "--ignored", "--exact", "--nocapture", test], env=tools.environment(os.environ | variables))
