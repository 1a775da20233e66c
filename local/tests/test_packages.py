"""The packages for consumers: built, installed from the local file, and checked with every sample event."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import consumer_packages, event_types, paths, watch
from local.aws import Aws
from local.steps import Unavailable

pytestmark = pytest.mark.npm

SAMPLES = sorted((paths.ROOT / "packages" / "samples").glob("*/*.json"))
# Programs that use the installed packages.
PROGRAMS = Path(__file__).with_name("packages")
INSTALLED = paths.STATE / "packages" / "installed"


@pytest.fixture(scope="module")
def tools() -> Path:
    """Returns the `node_modules` folder of the pinned tools."""
    try:
        return event_types.npm_tools()
    except Unavailable as reason:
        pytest.skip(f"NOTICE: the packages for consumers were not checked: {reason}")


@pytest.fixture(scope="module")
def python() -> Path:
    """Returns the interpreter of a fresh environment with the built wheel."""
    environment = INSTALLED / "python"
    shutil.rmtree(environment, ignore_errors=True)
    _run(sys.executable, "-m", "venv", environment)
    interpreter = environment / "bin" / "python"
    _run(interpreter, "-m", "pip", "install", "--quiet", consumer_packages.wheel())
    return interpreter


@pytest.fixture(scope="module")
def typescript(tools) -> Path:
    """Returns a fresh folder with the built npm archive and the programs that use it."""
    # Below the tools, so that Node.js finds the AWS SDK and the compiler finds the types of Node.js.
    folder = tools.parent / "installed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    _run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", folder, consumer_packages.archive())
    assert (folder / "node_modules" / "standardwebhooks").is_dir(), "a dependency of the package is not installed"
    return folder


def test_there_is_a_sample_of_every_kind():
    kinds = {json.loads(sample.read_text())["type"].split(".")[1] for sample in SAMPLES}
    schema = json.loads((paths.ROOT / "schemas" / "event.schema.json").read_text())
    known = re.search(r"\(([a-z_|]+)\)", schema["properties"]["type"]["pattern"])[1].split("|")
    assert set(known) - kinds == set(KINDS_WITHOUT_SAMPLE)


def test_the_types_are_in_step_with_the_schemas(tools):
    different = [str(path) for path, text in event_types.generated().items() if path.read_text() != text]
    assert different == [], "run `make types`"


def test_the_python_package_reads_every_sample_and_loses_nothing(python):
    _run(python, PROGRAMS / "samples.py", *SAMPLES)


def test_every_sample_type_checks_in_python(python):
    """Each sample as the constructor call that its `repr` is: mypy knows every class, field and type of it."""
    file = INSTALLED / "typed_samples.py"
    file.write_text(_run(python, PROGRAMS / "as_code.py", *SAMPLES))
    _mypy(python, file)


def test_the_programs_and_the_readme_type_check_in_python(python):
    readme = INSTALLED / "readme.py"
    readme.write_text(_block("python"))
    _mypy(python, readme, *sorted(PROGRAMS.glob("*.py")))


def test_the_python_package_type_checks(python):
    _mypy(python, "-p", "inlet_events")


def test_the_python_helpers_work(python):
    _run(python, PROGRAMS / "helpers.py")


def test_samples_programs_and_readme_type_check_in_typescript(tools, typescript):
    """Each sample is a literal of its kind's type: tsc refuses a field that the type does not have."""
    lines = ['import type { EventOf } from "inlet-events";']
    for number, sample in enumerate(SAMPLES):
        event = json.loads(sample.read_text())
        kind = event["type"].split(".")[1]
        lines.append(f'export const s{number}: EventOf<"{kind}"> = {json.dumps(event)};')
    (typescript / "typed-samples.ts").write_text("\n".join(lines) + "\n")
    (typescript / "readme.ts").write_text(_block("typescript"))
    (typescript / "document.ts").write_text(paths.block("docs/consumers.md", "tested: raw body in typescript"))
    shutil.copy(PROGRAMS / "helpers.ts", typescript)
    _tsc(tools, typescript, "typed-samples.ts", "readme.ts", "document.ts", "helpers.ts")


def test_the_typescript_helpers_work(tools, typescript):
    if not (typescript / "out" / "helpers.js").exists():
        shutil.copy(PROGRAMS / "helpers.ts", typescript)
        _tsc(tools, typescript, "helpers.ts")
    _run("node", typescript / "out" / "helpers.js", *SAMPLES)


@pytest.mark.stack
def test_the_typescript_package_reads_a_raw_body_from_the_table(tools, typescript, running_stack):
    aws = Aws(running_stack["endpoint"])
    id = next(id for id in watch.holdings(aws, running_stack["table"]).stored if id.startswith("zid/demo/order/"))
    (typescript / "document.ts").write_text(paths.block("docs/consumers.md", "tested: raw body in typescript"))
    program = f'import {{ sent }} from "./document.js";\nprocess.stdout.write(await sent({{ id: {json.dumps(id)} }} as never));\n'
    (typescript / "read.ts").write_text(program)
    _tsc(tools, typescript, "document.ts", "read.ts")
    environment = aws.environment() | {"INLET_TABLE": running_stack["table"]}
    body = _run("node", typescript / "out" / "read.js", environment=environment)
    assert str(json.loads(body)["id"]) == id.split("/")[3]


def test_a_wrong_field_does_not_type_check_in_python(python):
    wrong = INSTALLED / "wrong.py"
    wrong.write_text("from inlet_events import Order\n\norder = Order(totl=None)\n")
    with pytest.raises(AssertionError, match="totl"):
        _mypy(python, wrong)


def test_a_wrong_field_does_not_type_check_in_typescript(tools, typescript):
    text = 'import type { Order } from "inlet-events";\nexport const order: Order = { totl: "1" };\n'
    (typescript / "wrong.ts").write_text(text)
    with pytest.raises(AssertionError, match="totl"):
        _tsc(tools, typescript, "wrong.ts")


# Kinds that no page of a provider has a payload of.
KINDS_WITHOUT_SAMPLE = ["outlet"]


def _mypy(python: Path, *arguments) -> None:
    options = ("--strict", "--config-file", paths.ROOT / "packages" / "python" / "pyproject.toml", "--python-executable", python)
    _run(event_types.python_tools() / "mypy", *options, "--cache-dir", paths.STATE / "mypy", *arguments)


def _tsc(tools: Path, folder: Path, *files: str) -> None:
    """Compiles the programs with the strict options of the package itself."""
    options = json.loads((event_types.PACKAGES / "typescript" / "tsconfig.json").read_text())["compilerOptions"]
    options |= {"rootDir": ".", "outDir": "out", "skipLibCheck": False}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": files}))
    _run(tools / ".bin" / "tsc", "--project", folder)


def _block(language: str) -> str:
    return paths.block(f"packages/{language}/README.md", f"tested: {language} package")


def _run(*command, environment: dict[str, str] | None = None) -> str:
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
    return result.stdout
