"""Calls of cargo for the workspace. Each selects every package, and then the targets that it needs.

Cargo compiles a dependency with the features that the selected packages need. Calls for single packages would each
compile the AWS SDK again.
"""

import json
import subprocess

from local import paths

# Packages whose tests need the local stack.
END_TO_END = ("inlet-tests", "inlet-cli")

# A target that needs the dev-dependencies: with it, a build has the same features as the tests.
WITH_FEATURES_OF_TESTS = ["--example", "compare"]


def build(*target: str) -> list[str]:
    """Returns the call that builds a target, for example `--bin xtask`, with the dependencies that the tests have."""
    return ["cargo", "build", "--locked", "--workspace", *WITH_FEATURES_OF_TESTS, *target]


def unit_tests() -> list[list[str]]:
    """Returns the calls that run all tests that need no stack."""
    test = ["cargo", "test", "--locked", "--workspace"]
    return [[*test, "--lib", "--bins", "--examples", *_selected(end_to_end=False)], [*test, "--doc"]]


def end_to_end_tests() -> list[str]:
    """Returns the call that runs all tests that need the stack, also after one of them has failed."""
    return ["cargo", "test", "--locked", "--workspace", "--no-fail-fast", *_selected(end_to_end=True)]


def _selected(end_to_end: bool) -> list[str]:
    tests = test_targets()
    names = [name for name, package in tests if (package in END_TO_END) == end_to_end]
    return [part for name in names for part in ("--test", name)]


def test_targets() -> list[tuple[str, str]]:
    """Returns the name and the package of every integration test, sorted by name."""
    command = ["cargo", "metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"]
    listed = subprocess.run(command, cwd=paths.ROOT, check=True, capture_output=True, text=True)
    packages = json.loads(listed.stdout)["packages"]
    return sorted(
        (target["name"], package["name"])
        for package in packages for target in package["targets"] if target["kind"] == ["test"]
    )
