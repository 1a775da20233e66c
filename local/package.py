"""Packs what is deployed without a compiler: zips, lists of what is in them, and a template that names them."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from local import build, place, tools, upgrade
from local.steps import Failed, run, step

DIST = place.ROOT / "dist"

# The earliest time that a zip can hold: the same for every file in every build.
EARLIEST = (1980, 1, 1, 0, 0, 0)
RUNNABLE = 0o100755 << 16


def package(architectures: list[str]) -> None:
    """Pack every function for each of the architectures into dist/; a release has both."""
    if unknown := set(architectures) - build.TRIPLES.keys():
        raise Failed(f"Lambda has no {', '.join(unknown)}, only {' and '.join(build.TRIPLES)}")
    # A release without the deployed default is none, so what is missing is said before anything is compiled.
    if missing := [architecture for architecture in architectures if build.compiler(architecture) is None]:
        advice = " ".join(build.TRIPLES[architecture] for architecture in missing)
        others = " ".join(sorted(build.TRIPLES.keys() - set(missing)))
        raise Failed(
            f"no standard library for {', '.join(missing)}: rustup target add {advice}"
            + (f", or pack the rest: make package ARCHITECTURES={others}" if others else "")
        )
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    _pack(place.ROOT, DIST, architectures)
    for file in sorted(DIST.iterdir()):
        print(f"    {file.name}  {file.stat().st_size:,} bytes", flush=True)


def check(architectures: list[str]) -> None:
    """Pack twice, the second time from a copy at another place, and compare the bytes."""
    package(architectures)
    copy = place.STATE / "package-check"
    shutil.rmtree(copy, ignore_errors=True)
    (copy / "dist").mkdir(parents=True)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=place.ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        (copy / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(place.ROOT / name, copy / "tree" / name)
    _pack(copy / "tree", copy / "dist", architectures)
    names = {file.name for folder in (DIST, copy / "dist") for file in folder.iterdir()}
    other = [name for name in sorted(names) if _bytes(DIST / name) != _bytes(copy / "dist" / name)]
    if other:
        raise Failed(f"another build has other bytes: {', '.join(other)}")
    print(f"    {len(names)} files, the same bytes twice", flush=True)


def compile_functions(root: Path, architecture: str, compiler: str) -> dict[str, Path]:
    """The functions' binaries by their names, built so that no path of this machine is in them."""
    target = root / ".local" / "target" / "package" / architecture
    names = build.binaries()
    packages = [part for name in names for part in ("--package", name)]
    option = "--arm64" if architecture == "arm64" else "--x86-64"
    environment = tools.environment() | {
        "CARGO_TARGET_DIR": str(target),
        "RUSTC": compiler,
        "RUSTFLAGS": " ".join(f"--remap-path-prefix={path}={name}" for path, name in _told_apart(root).items()),
        "SOURCE_DATE_EPOCH": _committed(),
    }
    # What the target needs has been looked for; cargo-lambda would ask rustup, whichever compiler is in use.
    command = ["cargo", "lambda", "build", "--release", "--locked", "--skip-target-check", option, *packages]
    run(command, env=environment, directory=root)
    return {name: target / "lambda" / name / "bootstrap" for name in names}


def _pack(root: Path, dist: Path, architectures: list[str]) -> None:
    for architecture in architectures:
        triple = build.TRIPLES[architecture]
        compiler = build.compiler(architecture)
        with step(f"compile for {architecture}, by {_version(compiler)}"):
            binaries = compile_functions(root, architecture, compiler)
        for name, binary in binaries.items():
            _zip(binary, dist / f"{name}-{architecture}.zip")
            (dist / f"{name}-{architecture}.cdx.json").write_text(_bill(root, name, triple))
        (dist / f"template-{architecture}.yaml").write_text(_template(root, architecture))
    _write_sums(dist)


def _told_apart(root: Path) -> dict[str, str]:
    """Paths that a compiler writes into panics' messages, and what stands there instead."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    return {str(home): "/cargo", str(root): "/inlet"}


def _zip(binary: Path, file: Path) -> None:
    entry = zipfile.ZipInfo("bootstrap", EARLIEST)
    entry.external_attr = RUNNABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=9)


def _bill(root: Path, name: str, triple: str) -> str:
    """The CycloneDX list of the crates in a function."""
    tools.install_cargo_cyclonedx()
    folder = root / "functions" / name.removeprefix("inlet-")
    command = [
        "cargo", "cyclonedx", "--manifest-path", folder / "Cargo.toml", "--format", "json", "--target", triple,
        "--no-build-deps", "--spec-version", "1.5", "--override-filename", "bill",
    ]
    run(command, log="cyclonedx", env=tools.environment() | {"SOURCE_DATE_EPOCH": _committed()}, directory=root)
    bill = (folder / "bill.json").read_text()
    for written in root.glob("**/bill.json"):
        written.unlink()
    bill = _only(_linked(root, name, triple), json.loads(bill.replace(str(root), "/inlet")))
    return json.dumps(bill, indent=1, sort_keys=True) + "\n"


def _linked(root: Path, name: str, triple: str) -> set[str]:
    """The crates in the binary. The bill has more: what runs in the compiler only, and what other members ask for."""
    edges = ["--edges", "normal,no-proc-macro", "--target", triple, "--prefix", "none", "--format", "{p}"]
    command = ["cargo", "tree", "--quiet", "--locked", "--package", name, *edges]
    tree = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return {" ".join(line.split()[:2]) for line in tree.splitlines()}


def _only(linked: set[str], bill: dict) -> dict:
    """The bill without what is not linked."""
    left_out = {
        crate["bom-ref"] for crate in bill["components"] if f"{crate['name']} v{crate['version']}" not in linked
    }
    bill["components"] = [crate for crate in bill["components"] if crate["bom-ref"] not in left_out]
    bill["dependencies"] = [
        crate | {"dependsOn": [other for other in crate.get("dependsOn", []) if other not in left_out]}
        for crate in bill["dependencies"]
        if crate["ref"] not in left_out
    ]
    listed = [bill["metadata"]["component"], *bill["components"]]
    missing = linked - {f"{crate['name']} v{crate['version']}" for crate in listed}
    if missing:
        raise Failed(f"not in the bill of {bill['metadata']['component']['name']}: {', '.join(sorted(missing))}")
    return bill


def _template(root: Path, architecture: str) -> str:
    """The template with the zips in the place of what is to be compiled: `sam deploy` takes it as it is."""
    functions = len(build.binaries())
    text = (root / place.TEMPLATE.name).read_text()
    for what, instead, times in (
        (r"    Metadata:\n      BuildMethod: .*\n      BuildProperties:\n        Binary: .*\n", "", functions),
        (r"(      CodeUri: )functions/(.*)\n", rf"\1inlet-\2-{architecture}.zip\n", functions),
        (r"(    Default: )arm64(\n    AllowedValues: ).*\n", rf"\1{architecture}\2[{architecture}]\n", 1),
    ):
        text, found = re.subn(what, instead, text)
        if found != times:
            raise Failed(f"the template is not as it was: {found} instead of {times} times {what}")
    return text


def _write_sums(dist: Path) -> None:
    lines = [f"{hashlib.sha256(_bytes(file)).hexdigest()}  {file.name}\n" for file in sorted(dist.iterdir())]
    (dist / f"inlet-{upgrade.version()}.sha256").write_text("".join(lines))


def _committed() -> str:
    """When the code was committed, in seconds since 1970 UTC."""
    told = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=place.ROOT, capture_output=True, check=True)
    return told.stdout.decode().strip()


def _version(compiler: str) -> str:
    told = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return f"{compiler} {told.stdout.split()[1]}"


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""
