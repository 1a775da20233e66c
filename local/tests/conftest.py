"""Marks and fixtures of the checks: those marked `stack` need the running local stack."""

import os
import subprocess
from pathlib import Path

import pytest

from local import cargo, dist, paths


def pytest_configure(config):
    config.addinivalue_line("markers", "stack: needs the local stack (make up)")
    config.addinivalue_line("markers", "npm: installs packages with npm")
    config.addinivalue_line("markers", "workspace_copy: compiles a copy of the workspace")
    config.addinivalue_line("markers", "release: compiles the command as a release has it")


@pytest.fixture(scope="session")
def running_stack() -> dict:
    """Returns the description of the local stack that `make up` started."""
    from local import stack

    if not paths.STACK_FILE.exists():
        pytest.fail("no local stack is running: make up")
    return stack.described()


@pytest.fixture(scope="session")
def inlet(tmp_path_factory) -> Path:
    """Returns the command: that of dist/ in `make dist-check`, else built from this repository."""
    if dist.checks_dist():
        wheel, _ = dist.command_of(paths.architecture())
        file = tmp_path_factory.mktemp("command") / "inlet"
        file.write_bytes(dist.binary(wheel))
        file.chmod(0o755)
        return file
    subprocess.run([*cargo.build("--bin", "inlet"), "--quiet"], cwd=paths.ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", paths.ROOT / "target")) / "debug" / "inlet"
