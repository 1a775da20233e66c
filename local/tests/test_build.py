"""No dependency is compiled twice for the functions, which keeps builds quick."""

import subprocess

import pytest

from local import build, compilers, paths

TRIPLE = compilers.FUNCTIONS[paths.architecture()]


def features(*packages: str) -> set[str]:
    """Returns a line for each dependency outside of this workspace: name, version and features."""
    chosen = [part for package in packages for part in ("--package", package)]
    command = ["cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p} [{f}]", "--target", TRIPLE]
    listed = subprocess.run([*command, *chosen], cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout
    # A line that was printed before ends with a mark.
    lines = {line.removesuffix(" (*)") for line in listed.splitlines()}
    return {line for line in lines if line and str(paths.ROOT) not in line}


@pytest.fixture(scope="module")
def of_all() -> set[str]:
    return features(*build.binaries())


@pytest.mark.parametrize("function", build.binaries())
def test_a_function_alone_has_the_features_of_all(function, of_all):
    # `make up` compiles all functions in one call, and `sam build` one after the other.
    assert features(function) - of_all == set()
