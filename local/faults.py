"""Runs the long fault tests against the local stack."""

import os

from local import stack, tools
from local.steps import run


def faults() -> None:
    """Run every fault of every call and of every consumer, and print the tables."""
    _run("nothing_is_lost_to_any_fault_of_any_call", {})
    _run("no_fault_of_any_call_behind_a_consumer_loses_or_reorders", {})
    _run("no_fault_of_any_call_loses_or_repeats_a_missed_state", {}, of="reconciler")


def soak(events: int) -> None:
    """Send many mixed events while faults are injected, and reconcile."""
    _run("nothing_is_lost_while_faults_come_and_go", {"INLET_SOAK": str(events)})


def flood() -> None:
    """Send a thousand requests a second for invented store names, and print the effect on genuine deliveries."""
    _run("a_flood_of_a_thousand_names_a_second_changes_nothing", {})


def _run(test: str, variables: dict[str, str], of: str = "faults") -> None:
    """Updates the stack first, so that its binaries are built from the current code. The stack keeps running."""
    stack.up(without=[])
    command = ["cargo", "test", "--locked", "--workspace", "--test", of]
    run([*command, "--", "--ignored", "--exact", "--nocapture", test], env=tools.environment(os.environ | variables))
