"""The README's lines for `sam local invoke` work as they are printed."""

import json
import re
import subprocess

import pytest

from local import checks, docker, paths

pytestmark = pytest.mark.stack


def test_the_lines_of_the_readme_run(running_stack):
    if not docker.is_running():
        pytest.skip(checks.NO_ENGINE)
    (lines,) = re.findall(r"<!-- tested: sam local -->\n```\n(.*?)```", (paths.ROOT / "README.md").read_text(), re.DOTALL)
    ran = subprocess.run(["bash", "-e", "-c", lines], cwd=paths.ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["statusCode"] == 200, ran.stderr
