"""Marks and fixtures of the checks: those marked `stack` need the running local stack."""

import pytest

from local import paths


def pytest_configure(config):
    config.addinivalue_line("markers", "stack: needs the local stack (make up)")
    config.addinivalue_line("markers", "npm: installs packages with npm")
    config.addinivalue_line("markers", "workspace_copy: compiles a copy of the workspace")


@pytest.fixture(scope="session")
def running_stack() -> dict:
    """Returns the description of the local stack that `make up` started."""
    from local import stack

    if not paths.STACK_FILE.exists():
        pytest.fail("no local stack is running: make up")
    return stack.described()
