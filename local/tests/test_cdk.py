"""The CDK example synthesises around the packaged template."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local import package, paths, template

pytestmark = pytest.mark.npm

EXAMPLE = paths.ROOT / "examples" / "cdk"
INSTALLED = paths.STATE / "cdk"


@pytest.fixture(scope="module")
def synthesised() -> Path:
    """Returns the folder that the example writes."""
    if missing := [program for program in ("node", "npm") if not shutil.which(program)]:
        pytest.skip(f"NOTICE: the CDK example was not synthesised: {' and '.join(missing)} missing")
    shutil.copytree(EXAMPLE, INSTALLED, dirs_exist_ok=True)
    packaged = package.packed_template(paths.ROOT, "arm64")
    # The addresses that `sam package` writes after its upload.
    (INSTALLED / "packaged.yaml").write_text(re.sub(r"CodeUri: (inlet-.*\.zip)", r"CodeUri: s3://artifacts/\1", packaged))
    if not (INSTALLED / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=INSTALLED, check=True, capture_output=True)
    out = INSTALLED / "out"
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run(["node", "app.mjs"], cwd=INSTALLED, env=os.environ | {"CDK_OUTDIR": str(out)}, check=True)
    return out


def test_the_stack_contains_the_packaged_template(synthesised):
    stack = json.loads((synthesised / "webhooks-prod.template.json").read_text())
    (nested,) = (one for one in stack["Resources"].values() if one["Type"] == "AWS::CloudFormation::Stack")
    assert nested["Properties"]["Parameters"]["Stage"] == "prod"
    assets = json.loads((synthesised / "webhooks-prod.assets.json").read_text())["files"].values()
    sources = [(synthesised / asset["source"]["path"]).read_text() for asset in assets]
    assert (INSTALLED / "packaged.yaml").read_text() in sources


def test_the_example_uses_existing_parameters_and_outputs(synthesised):
    written = template.load()
    text = (synthesised / "webhooks-prod.template.json").read_text()
    (nested,) = (one for one in json.loads(text)["Resources"].values() if one["Type"] == "AWS::CloudFormation::Stack")
    assert nested["Properties"]["Parameters"].keys() <= written["Parameters"].keys()
    outputs = set(re.findall(r"Outputs\.(\w+)", text))
    assert outputs and outputs <= written["Outputs"].keys()
