"""Packs the functions for a deployment without a compiler: zips, bills of materials, and a template that names them."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

from local import build, compilers, paths, tools, upgrade
from local.compilers import Compiler
from local.steps import Failed, run, step

DIST = paths.ROOT / "dist"

# The earliest time in the zip format, for every file of every build.
EARLIEST = (1980, 1, 1, 0, 0, 0)
RUNNABLE = 0o100755 << 16

# The environment variable with the runbook's full address, which becomes a default of the packaged template.
RUNBOOK_URL = "INLET_RUNBOOK_URL"


def package(architectures: list[str]) -> None:
    """Pack every function for each of the architectures into dist/; a release has both."""
    reject_unknown(architectures)
    triples = compilers.FUNCTIONS
    # A release has every architecture, so a missing one fails before anything is compiled.
    if missing := [architecture for architecture in architectures if not compilers.find_or_install(architecture, triples)]:
        advice = " ".join(triples[architecture] for architecture in missing)
        others = " ".join(sorted(triples.keys() - set(missing)))
        raise Failed(
            f"no standard library for {', '.join(missing)}: rustup target add {advice}"
            + (f", or pack the rest: make package ARCHITECTURES={others}" if others else "")
        )
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    _pack(paths.ROOT, DIST, architectures)


def reject_unknown(architectures: list[str]) -> None:
    """Fails if Lambda does not have one of the architectures."""
    if unknown := set(architectures) - compilers.FUNCTIONS.keys():
        raise Failed(f"Lambda has no {', '.join(unknown)}, only {' and '.join(compilers.FUNCTIONS)}")


def check(architectures: list[str]) -> None:
    """Pack twice, the second time from a copy in another folder, and compare the bytes."""
    package(architectures)
    copy = paths.STATE / "package-check"
    shutil.rmtree(copy, ignore_errors=True)
    (copy / "dist").mkdir(parents=True)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=paths.ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        (copy / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(paths.ROOT / name, copy / "tree" / name)
    _pack(copy / "tree", copy / "dist", architectures)
    names = {file.name for folder in (DIST, copy / "dist") for file in folder.iterdir()}
    other = [name for name in sorted(names) if _bytes(DIST / name) != _bytes(copy / "dist" / name)]
    if other:
        raise Failed(f"the builds differ in: {', '.join(other)}")
    print(f"    {len(names)} files, the same bytes twice", flush=True)


def compile_functions(
    root: Path, architecture: str, compiler: Compiler, names: Sequence[str] | None = None
) -> dict[str, Path]:
    """Compiles functions, all by default, without any path of this machine in them, and returns the binaries by name."""
    target = root / ".local" / "target" / "package" / architecture
    names = build.binaries() if names is None else names
    packages = [part for name in names for part in ("--package", name)]
    option = "--arm64" if architecture == "arm64" else "--x86-64"
    environment = tools.environment() | reproducible(root) | {"CARGO_TARGET_DIR": str(target), "RUSTC": compiler.rustc}
    # The target's standard library was found above. cargo-lambda would look for it with rustup, whichever compiler is in use.
    command = ["cargo", "lambda", "build", "--release", "--locked", "--skip-target-check", option, *packages]
    run(command, env=environment, directory=root)
    return {name: target / "lambda" / name / "bootstrap" for name in names}


def reproducible(root: Path, flags: str = "") -> dict[str, str]:
    """Returns variables with which a build has the same bytes at every place and time, with further compiler flags."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    # The compiler writes paths into the messages of panics.
    renamed = {str(home): "/cargo", str(root): "/inlet"}
    return {
        "RUSTFLAGS": " ".join([*(f"--remap-path-prefix={path}={name}" for path, name in renamed.items()), flags]).strip(),
        "SOURCE_DATE_EPOCH": _committed(),
    }


def pack_functions(binaries: dict[str, Path], architecture: str, dist: Path, root: Path = paths.ROOT) -> None:
    """Writes a zip for each binary, and the template that names them, into `dist`."""
    for name, binary in binaries.items():
        _zip(binary, dist / f"{name}-{architecture}.zip")
    (dist / f"template-{architecture}.yaml").write_text(packed_template(root, architecture))


def _pack(root: Path, dist: Path, architectures: list[str]) -> None:
    for architecture in architectures:
        triple = compilers.FUNCTIONS[architecture]
        compiler = compilers.find(triple)
        with step(f"compile for {architecture}, by {_version(compiler.rustc)}"):
            binaries = compile_functions(root, architecture, compiler)
        pack_functions(binaries, architecture, dist, root)
        for name in binaries:
            bom = bill(root, f"functions/{name.removeprefix('inlet-')}", name, triple)
            (dist / f"{name}-{architecture}.cdx.json").write_text(bom)
    write_sums(dist)


def _zip(binary: Path, file: Path) -> None:
    entry = zipfile.ZipInfo("bootstrap", EARLIEST)
    entry.external_attr = RUNNABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=9)


def bill(root: Path, member: str, name: str, triple: str) -> str:
    """Returns the bill of materials of a workspace member: the crates in its binary, in CycloneDX format."""
    tools.install_cargo_cyclonedx()
    folder = root / member
    command = [
        "cargo", "cyclonedx", "--manifest-path", folder / "Cargo.toml", "--format", "json", "--target", triple,
        "--no-build-deps", "--spec-version", "1.5", "--override-filename", "bill",
    ]
    run(command, log="cyclonedx", env=tools.environment() | {"SOURCE_DATE_EPOCH": _committed()}, directory=root)
    text = (folder / "bill.json").read_text()
    for written in root.glob("**/bill.json"):
        written.unlink()
    listed = _only(_linked(root, name, triple), json.loads(text.replace(str(root), "/inlet")))
    return json.dumps(listed, indent=1, sort_keys=True) + "\n"


def _linked(root: Path, name: str, triple: str) -> set[str]:
    """Returns the crates in the binary. The bill has more: those of the compiler, and those of other members."""
    edges = ["--edges", "normal,no-proc-macro", "--target", triple, "--prefix", "none", "--format", "{p}"]
    command = ["cargo", "tree", "--quiet", "--locked", "--package", name, *edges]
    tree = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return {" ".join(line.split()[:2]) for line in tree.splitlines()}


def _only(linked: set[str], bill: dict) -> dict:
    """Returns the bill without crates that are not linked."""
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


def packed_template(root: Path, architecture: str) -> str:
    """Returns the template with the zips instead of the source folders: `sam deploy` deploys it as it is.

    Its alarms link to the runbook at the address in `INLET_RUNBOOK_URL`, if the variable is set.
    """
    functions = len(build.binaries())
    text = (root / paths.TEMPLATE.name).read_text()
    for what, instead, times in (
        (r"    Metadata:\n      BuildMethod: .*\n      BuildProperties:\n        Binary: .*\n", "", functions),
        (r"(      CodeUri: )functions/(.*)\n", rf"\1inlet-\2-{architecture}.zip\n", functions),
        (r"(    Default: )arm64(\n    AllowedValues: ).*\n", rf"\1{architecture}\2[{architecture}]\n", 1),
        (r"(    Default: )docs/runbook.md\n", rf"\1{os.environ.get(RUNBOOK_URL, 'docs/runbook.md')}\n", 1),
    ):
        text, found = re.subn(what, instead, text)
        if found != times:
            raise Failed(f"the template has {found} instead of {times} matches of {what}")
    return text


def write_sums(dist: Path) -> None:
    """Writes the SHA-256 checksums of all other files in `dist`, in the format of sha256sum."""
    sums = dist / f"inlet-{upgrade.version()}.sha256"
    sums.unlink(missing_ok=True)
    lines = [f"{hashlib.sha256(_bytes(file)).hexdigest()}  {file.name}\n" for file in sorted(dist.iterdir())]
    sums.write_text("".join(lines))


def _committed() -> str:
    """Returns the time of the commit in seconds since 1970 UTC."""
    committed = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=paths.ROOT, capture_output=True, check=True)
    return committed.stdout.decode().strip()


def _version(compiler: str) -> str:
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return f"{compiler} {version.stdout.split()[1]}"


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""
