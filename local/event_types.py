"""Generates the types of the packages for consumers from schemas/, and checks that they are current."""

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from local import paths
from local.steps import Failed, Unavailable

SCHEMAS = paths.ROOT / "schemas"
PACKAGES = paths.ROOT / "packages"
PYTHON_TYPES = PACKAGES / "python" / "src" / "inlet_events" / "types.py"
TYPESCRIPT_TYPES = PACKAGES / "typescript" / "src" / "types.ts"

# The hash of the schemas that each version of the packages was generated from. A line never changes.
VERSIONS = PACKAGES / "schema-versions.json"

# Generators, type checkers and what the packages need, in pinned versions: other versions write other text.
INSTALLED = paths.STATE / "types"
NPM = (
    "json-schema-to-typescript@15.0.4", "prettier@3.6.2", "typescript@5.9.3", "@types/node@20.19.0", "standardwebhooks@1.1.1",
    # For the examples in docs/consumers.md.
    "@aws-sdk/client-dynamodb@3.1162.0", "@aws-sdk/lib-dynamodb@3.1162.0",
)
PIP = (
    "datamodel-code-generator==0.89.0", "black==26.10.1", "isort==8.0.1", "mypy==2.4.1", "hatchling==1.33.0",
    "pydantic==2.14.4", "standardwebhooks==1.1.0",
)

HEADER = "Generated from schemas/ by `make types`."


def write() -> None:
    """Generate the types of the packages for consumers. Fails if the schemas changed and the packages' version did not."""
    record_version()
    for path, text in generated().items():
        path.write_text(text)
        print(f"{path.relative_to(paths.ROOT)}: {len(text.splitlines())} lines", flush=True)


def generated() -> dict[Path, str]:
    """Returns the generated files and their texts."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    schema = INSTALLED / "event.schema.json"
    schema.write_text(json.dumps(_for_readers(json.loads((SCHEMAS / "event.schema.json").read_text()))))
    return {PYTHON_TYPES: _python(schema), TYPESCRIPT_TYPES: _typescript(schema)}


def record_version() -> None:
    """Records the schemas of the packages' version. Fails if this version was recorded with other schemas."""
    versions = json.loads(VERSIONS.read_text())
    version = _one_version()
    if versions.setdefault(version, schemas_hash()) != schemas_hash():
        raise Failed(
            f"the schemas differ from those of {version}: raise the version in packages/python/pyproject.toml and "
            "packages/typescript/package.json, then `make types`"
        )
    VERSIONS.write_text(json.dumps(versions, indent=2) + "\n")


def schemas_hash(folder: Path | None = None) -> str:
    """Returns the SHA-256 of all schemas, independent of their formatting."""
    contents = {file.name: json.loads(file.read_text()) for file in (folder or SCHEMAS).glob("*.json")}
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def package_versions() -> dict[str, str]:
    """Returns the version of each package."""
    return {
        "python": tomllib.loads((PACKAGES / "python" / "pyproject.toml").read_text())["project"]["version"],
        "typescript": json.loads((PACKAGES / "typescript" / "package.json").read_text())["version"],
    }


def python_tools() -> Path:
    """Returns the `bin` folder of an environment with the generator and the checker for Python."""
    environment = INSTALLED / "venv"
    if not _is_installed(environment, PIP):
        _run(sys.executable, "-m", "venv", "--clear", environment)
        _run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", *PIP)
        _stamp(environment).write_text(repr(PIP))
    return environment / "bin"


def npm_tools() -> Path:
    """Returns the `node_modules` folder with the generator and the compiler for TypeScript."""
    if missing := [program for program in ("node", "npm") if not shutil.which(program)]:
        raise Unavailable(f"{' and '.join(missing)} missing")
    folder = INSTALLED / "npm"
    if not _is_installed(folder, NPM):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", folder, *NPM)
        _stamp(folder).write_text(repr(NPM))
    return folder / "node_modules"


def _is_installed(folder: Path, pins: tuple[str, ...]) -> bool:
    return _stamp(folder).exists() and _stamp(folder).read_text() == repr(pins)


def _stamp(folder: Path) -> Path:
    return folder / "installed-from"


def _one_version() -> str:
    versions = set(package_versions().values())
    if len(versions) != 1:
        raise Failed(f"the packages have different versions: {package_versions()}")
    return versions.pop()


def _python(schema: Path) -> str:
    file = INSTALLED / "generated.py"
    _run(
        python_tools() / "python", "-W", "ignore", "-m", "datamodel_code_generator",
        "--input", schema, "--input-file-type", "jsonschema", "--output", file,
        "--output-model-type", "pydantic_v2.BaseModel", "--base-class", "inlet_events._model.Model",
        "--target-python-version", "3.11", "--use-standard-collections", "--use-union-operator", "--use-type-alias",
        "--enum-field-as-literal", "all", "--use-field-description", "--use-schema-description",
        "--custom-file-header", f"# {HEADER}",
    )
    return file.read_text()


def _typescript(schema: Path) -> str:
    file = INSTALLED / "generated.ts"
    _run(
        npm_tools() / ".bin" / "json2ts", "--input", schema, "--output", file, "--additionalProperties", "false",
        "--style.printWidth", "140", "--bannerComment", f"/* {HEADER} */",
    )
    return file.read_text()


def _for_readers(schema: object) -> object:
    """Returns a schema that also describes the events of later versions, so that a consumer reads them.

    - A word may be one that this version does not know.
    - Patterns and formats go: text stays text, and only Inlet writes it.
    """
    if isinstance(schema, list):
        return [_for_readers(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("properties"), dict):
        # The names of properties are not keywords.
        properties = {name: _for_readers(part) for name, part in schema["properties"].items()}
        return _for_readers({key: value for key, value in schema.items() if key != "properties"}) | {"properties": properties}
    parts = {key: _for_readers(value) for key, value in schema.items() if key not in ("pattern", "format", "$id")}
    words = schema.get("enum") or [part.get("const") for part in schema.get("oneOf", [])]
    if len(words) > 1 and all(isinstance(word, str) for word in words):
        parts.pop("oneOf", parts.pop("enum", None))
        typescript = " | ".join(json.dumps(word) for word in words)
        # An editor proposes the words of `"paid" | (string & {})`; `"paid" | string` is only `string`.
        parts |= {"anyOf": [{"enum": words, "type": "string"}, {"type": "string"}], "tsType": f"{typescript} | (string & {{}})"}
    return parts


def _run(*command) -> None:
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        raise Failed(result.stdout + result.stderr)
