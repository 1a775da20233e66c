"""Generators make usable types from the schemas: one `Money`, and code that compiles."""

import re
import subprocess
from pathlib import Path

import pytest

from local import event_types, paths
from local.steps import Unavailable

pytestmark = pytest.mark.npm

INSTALLED = event_types.INSTALLED


@pytest.fixture(scope="module")
def typescript() -> Path:
    """Returns the folder of the generator and the compiler for TypeScript."""
    try:
        return event_types.npm_tools() / ".bin"
    except Unavailable as reason:
        pytest.skip(f"NOTICE: no types were generated from the schemas: {reason}")


@pytest.fixture(scope="module")
def python() -> Path:
    """Returns an interpreter that has the generator for Python."""
    return event_types.python_tools() / "python"


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
