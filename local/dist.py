"""Builds a release into dist/: the functions' packages, archives to deploy them, the command as an archive and a
wheel, and the packages for consumers."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

from local import build, consumer_packages, package, paths, tools, upgrade
from local.steps import Failed, Unavailable, run, step

DIST = package.DIST

# Statically linked, so that one binary runs on every Linux.
STATIC = {"x86_64": "x86_64-unknown-linux-musl", "arm64": "aarch64-unknown-linux-musl"}

# Every archive has them.
PAPERS = ("README.md", "LICENSE-APACHE", "LICENSE-MIT")

NO_STATIC = """
********************************************************************************
*  NOT STATIC: {triple} has no standard library here
*  (rustup target add {triple}). The command for {architecture} is linked
*  with glibc 2.17 or newer instead, and does not run on Alpine Linux.
********************************************************************************"""
NOT_BUILT = """
********************************************************************************
*  NOT BUILT: nothing for {architecture}: no standard library for {triple}
*  is here (rustup target add {triple}).
********************************************************************************"""

NO_PACKAGES = """
********************************************************************************
*  NOT BUILT: the packages for consumers: {reason}
********************************************************************************"""


def dist(architectures: list[str]) -> None:
    """Build the release of each architecture: functions, deployable archive, command, packages for consumers, bills of materials, checksums."""
    built = architectures or [one for one in build.TRIPLES if build.compiler(build.TRIPLES[one])]
    # Without a named architecture, what cannot be built here is left out. A release names both and fails.
    for left_out in sorted(set(architectures or build.TRIPLES) - set(built)):
        print(NOT_BUILT.format(architecture=left_out, triple=build.TRIPLES[left_out]), flush=True)
    package.package(built)
    for architecture in built:
        deploy_archive(architecture)
        with step(f"the command for {architecture}"):
            _command(architecture)
    try:
        consumer_packages.build()
    except Unavailable as reason:
        print(NO_PACKAGES.format(reason=reason), flush=True)
    (DIST / "inlet-cli.cdx.json").write_text(package.bill(paths.ROOT, "cli", "inlet-cli", build.TRIPLES[built[0]]))
    package.write_sums(DIST)
    for file in sorted(DIST.iterdir()):
        print(f"    {file.name}  {file.stat().st_size:,} bytes", flush=True)


def deploy_archive(architecture: str, folder: Path = DIST) -> Path:
    """Archives the packages in `folder` with a template and settings: after unpacking, `sam deploy` needs nothing else."""
    name = f"inlet-{upgrade.version()}-deploy-{architecture}"
    files = {f"{name}/{paper}": (paths.ROOT / paper).read_bytes() for paper in PAPERS}
    files[f"{name}/samconfig.toml"] = (paths.ROOT / "samconfig.toml").read_bytes()
    files[f"{name}/template.yaml"] = (folder / f"template-{architecture}.yaml").read_bytes()
    for packed in sorted(folder.glob(f"*-{architecture}.zip")):
        files[f"{name}/{packed.name}"] = packed.read_bytes()
    return _archive(folder / f"{name}.tar.gz", files)


def _command(architecture: str) -> None:
    """Builds the wheel that carries the command, and the archive with the same binary."""
    triple = STATIC[architecture]
    if build.compiler(triple) is None:
        print(NO_STATIC.format(architecture=architecture, triple=triple), flush=True)
        triple = build.TRIPLES[architecture]
    environment = tools.environment() | package.reproducible(paths.ROOT) | {"RUSTC": build.compiler(triple)}
    wheels = paths.STATE / "wheels" / triple
    wheels.mkdir(parents=True, exist_ok=True)
    for old in wheels.iterdir():
        old.unlink()
    command = [
        "maturin", "build", "--release", "--locked", "--manifest-path", paths.ROOT / "cli" / "Cargo.toml",
        "--bindings", "bin", "--zig", "--target", triple, "--out", wheels,
    ]
    run(command, log=f"maturin-{architecture}", env=environment | {"CARGO_TARGET_DIR": str(build.TARGET / "command")})
    (wheel,) = wheels.iterdir()
    os.replace(wheel, DIST / wheel.name)
    name = f"inlet-{upgrade.version()}-{triple}"
    files = {f"{name}/{paper}": (paths.ROOT / paper).read_bytes() for paper in PAPERS}
    _archive(DIST / f"{name}.tar.gz", files | {f"{name}/inlet": _binary(DIST / wheel.name)}, runnable={f"{name}/inlet"})


def _binary(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith("/scripts/inlet")]
        if len(names) != 1:
            raise Failed(f"{wheel.name} contains {len(names)} commands")
        return archive.read(names[0])


def _archive(file: Path, files: dict[str, bytes], runnable: frozenset | set = frozenset()) -> Path:
    """Writes a tar archive with the same bytes for the same contents."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755 if name in runnable else 0o644
            tar.addfile(entry, io.BytesIO(content))
    file.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return file
