"""Generators make good types of the schemas: one `Money`, and code that compiles."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import paths

pytestmark = pytest.mark.npm

INSTALLED = paths.STATE / "types"

# The generators that docs/events.md names, in the versions that the schemas were tried with.
NPM = ("json-schema-to-typescript@15.0.4", "typescript@5.9.3")
PIP = ("datamodel-code-generator==0.89.0", "pydantic==2.14.4")


@pytest.fixture(scope="module")
def typescript() -> Path:
    """Returns the folder of the generator and the compiler for TypeScript."""
    if missing := [program for program in ("node", "npm") if not shutil.which(program)]:
        pytest.skip(f"NOTICE: no types were generated from the schemas: {' and '.join(missing)} missing")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    if not (INSTALLED / "node_modules").exists():
        _run("npm", "install", "--no-audit", "--no-fund", "--prefix", INSTALLED, *NPM)
    return INSTALLED / "node_modules" / ".bin"


@pytest.fixture(scope="module")
def python() -> Path:
    """Returns an interpreter that has the generator for Python."""
    environment = INSTALLED / "venv"
    if not environment.exists():
        _run(sys.executable, "-m", "venv", environment)
        _run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", *PIP)
    return environment / "bin" / "python"


@pytest.mark.parametrize("name", ["event", "order"])
def test_typescript_has_one_money_and_compiles(typescript, name):
    file = INSTALLED / f"{name}.ts"
    _run(typescript / "json2ts", "-i", _schema(name), "-o", file)
    assert _declared(file, r"^export (?:interface|type) (Money\w*)") == ["Money"]
    _run(typescript / "tsc", "--noEmit", "--strict", "--target", "es2022", file)


@pytest.mark.parametrize("name", ["event", "order"])
def test_python_has_one_money_and_runs(python, name):
    file = INSTALLED / f"{name}_types.py"
    _run(
        python, "-W", "ignore", "-m", "datamodel_code_generator", "--input", _schema(name), "--output", file,
        "--input-file-type", "jsonschema", "--output-model-type", "pydantic_v2.BaseModel",
    )
    assert _declared(file, r"^class (Money\w*)") == ["Money"]
    _run(python, file)


def _schema(name: str) -> Path:
    return paths.ROOT / "schemas" / f"{name}.schema.json"


def _declared(file: Path, declaration: str) -> list[str]:
    return re.findall(declaration, file.read_text(), re.MULTILINE)


def _run(*command) -> None:
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
