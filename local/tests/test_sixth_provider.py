"""A sixth provider is one folder and one line: a toy one is added to a copy of the workspace, and checked there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local import cargo, paths, tools

pytestmark = pytest.mark.workspace_copy

# Always the same place, so that a second run compiles what changed only.
COPY = paths.STATE / "sixth-provider"
FIXTURE = Path(__file__).with_name("sixth_provider")
LIST = "shared/inlet-providers/Cargo.toml"
LINE = 'inlet-toy = { path = "../../functions/toy", default-features = false }\n'

# Files that the generators may change, and no others.
GENERATED = ("events/", "packages/samples/", "docs/costs.md", "docs/events.md", "template.yaml", "local/", "functions/toy/shapes.txt")


def sources() -> dict[str, bytes]:
    """Returns the workspace's files with the toy provider's folder and its line."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=paths.ROOT, capture_output=True, check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name and (paths.ROOT / name).is_file()]
    files = {name: (paths.ROOT / name).read_bytes() for name in names}
    files |= {
        f"functions/toy/{file.relative_to(FIXTURE)}": file.read_bytes() for file in FIXTURE.rglob("*") if file.is_file()
    }
    manifest = files[LIST].decode()
    before, heading, behind = manifest.partition("\n[lints]\n")
    files[LIST] = f"{before}{LINE}{heading}{behind}".encode()
    return files


def existing() -> dict[str, bytes]:
    """Returns the copy's files, without what only this machine needs."""
    files = [file for file in COPY.rglob("*") if file.is_file() and not file.is_relative_to(COPY / ".local")]
    return {str(file.relative_to(COPY)): file.read_bytes() for file in files}


def write(files: dict[str, bytes]) -> None:
    """Makes the copy hold these files. Leaves equal files alone, so that cargo does not compile them again."""
    present = existing() if COPY.exists() else {}
    for name in present.keys() - files.keys():
        (COPY / name).unlink()
    for name, content in files.items():
        if present.get(name) != content:
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            (COPY / name).write_bytes(content)


def run(*command: str) -> str:
    """Runs a program in the copy and returns its output."""
    target = os.environ.get("CARGO_TARGET_DIR", str(paths.ROOT / "target"))
    # The dependencies are shared with the workspace. Without debug information the copy's own crates have other names
    # in the target folder, so that neither workspace compiles the other's crates again.
    environment = tools.environment() | {
        "CARGO_TARGET_DIR": target, "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_PROFILE_TEST_DEBUG": "0",
        "CARGO_INCREMENTAL": "0", "CARGO_NET_OFFLINE": "true",
    }
    done = subprocess.run(
        command, cwd=COPY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-8000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def changed() -> set[str]:
    """Adds the provider, runs the generators, and returns the files that they changed."""
    files = sources()
    write(files)
    (COPY / ".local").mkdir(exist_ok=True)
    if not (COPY / ".local" / "tools").exists():
        (COPY / ".local" / "tools").symlink_to(paths.STATE / "tools")
    # The lock file changes, because it lists the workspace's packages.
    run(*(part for part in cargo.build("--bin", "xtask") if part != "--locked"))
    run(os.environ.get("CARGO_TARGET_DIR", str(paths.ROOT / "target")) + "/debug/xtask")
    after = existing()
    return {name for name in files.keys() | after.keys() if files.get(name) != after.get(name)} - {"Cargo.lock"}


def test_the_generators_write_all_that_is_its_own(changed):
    assert {name for name in changed if not name.startswith(GENERATED)} == set()
    for name in ("events/toy/order.created.json", "functions/toy/shapes.txt", "docs/events.md", "template.yaml"):
        assert name in changed
    assert json.loads((COPY / "local" / "demo-stores.json").read_text())["toy"]["demo"][0]["secret"]
    names = [provider["name"] for provider in json.loads((COPY / "local" / "providers.json").read_text())]
    assert names == [*paths.PROVIDERS, "toy"]


def test_it_passes_the_contract(changed):
    output = run("cargo", "test", "--package", "inlet-toy", "--no-default-features", "--lib")
    # The number of the contract's tests.
    assert int(re.search(r"ok\. (\d+) passed; 0 failed", output)[1]) >= 18


def test_its_sources_are_formatted(changed):
    run("cargo", "fmt", "--package", "inlet-toy", "--check")


def test_the_template_is_valid(changed):
    run("sam", "validate", "--lint", "--region", paths.REGION)
    run("cfn-lint")


def test_the_template_has_its_function_and_its_permissions(changed):
    output = run(sys.executable, "-c", "\n".join((
        "from local import paths, permissions_check, template",
        "resources = template.transformed()['Resources']",
        "assert paths.PROVIDERS[-1] == 'toy'",
        "assert {'ToyFunction', 'ToyFunctionRole', 'ToyLog', 'ToyUnknownStoreAlarm'} <= resources.keys()",
        "assert permissions_check.differences() == []",
        "print('permitted:', *sorted(permissions_check.actions('ToyFunctionRole')))",
    )))
    assert "sqs:SendMessage" in output
    run(sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "local/tests/test_template.py")
