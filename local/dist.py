"""Builds a release into dist/: the functions' packages, archives to deploy them, the command as an archive and a
wheel, and the packages for consumers."""

import gzip
import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

from local import build, compilers, consumer_packages, package, paths, stack, tools, upgrade
from local.steps import Failed, Unavailable, run, step

DIST = package.DIST

# Every archive has them.
PAPERS = ("README.md", "LICENSE-APACHE", "LICENSE-MIT")

# The two kinds of programs that are compiled for an architecture: the functions and the command.
KINDS = (compilers.FUNCTIONS, compilers.COMMAND)

# The command runs with every C library, so its wheel installs with both, on Linux of 2014 and newer.
WHEEL_TAGS = {
    "x86_64": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "arm64": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
}

# The environment variable with which the tests use the release in dist/.
CHECKS_DIST = "INLET_CHECKS_DIST"

NOT_BUILT = """
********************************************************************************
*  NOT BUILT: nothing for {architecture}. Install the standard libraries:
*  rustup target add {functions} {command}
********************************************************************************"""

NO_PACKAGES = """
********************************************************************************
*  NOT BUILT: the packages for consumers: {reason}
********************************************************************************"""


def dist(architectures: list[str]) -> None:
    """Build the release of each architecture: functions, deployable archive, command, packages for consumers, bills of materials, checksums."""
    package.reject_unknown(architectures)
    wanted = architectures or list(compilers.FUNCTIONS)
    built = [one for one in wanted if all(compilers.find_or_install(one, kind) for kind in KINDS)]
    for left_out in sorted(set(wanted) - set(built)):
        triples = {"functions": compilers.FUNCTIONS[left_out], "command": compilers.COMMAND[left_out]}
        print(NOT_BUILT.format(architecture=left_out, **triples), flush=True)
    # Without a named architecture, what cannot be built here is left out. A release names both and fails.
    if not built or (architectures and built != wanted):
        raise Failed("not every architecture can be built here")
    package.package(built)
    for architecture in built:
        deploy_archive(architecture)
        with step(f"the command for {architecture}"):
            command(architecture)
    try:
        consumer_packages.build()
    except Unavailable as reason:
        print(NO_PACKAGES.format(reason=reason), flush=True)
    (DIST / "inlet-cli.cdx.json").write_text(package.bill(paths.ROOT, "cli", "inlet-cli", compilers.COMMAND[built[0]]))
    package.write_sums(DIST)
    for file in sorted(DIST.iterdir()):
        print(f"    {file.name}  {file.stat().st_size:,} bytes", flush=True)


def check() -> None:
    """Check the release in dist/ on this machine: install and run the command; deploy the archive as two stages to the local stack, use and delete both."""
    if not deploy_archive_of(paths.architecture()).exists():
        raise Failed("dist/ has no release for this machine: make dist")
    stack.up(without=[])
    tests = ["local/tests/test_release.py", "local/tests/test_deploy.py"]
    environment = tools.environment() | {CHECKS_DIST: "yes"}
    run(["python3", "-m", "pytest", "-p", "no:cacheprovider", "--durations=0", *tests], env=environment)


def checks_dist() -> bool:
    """Returns whether the tests use the release in dist/ instead of a quick build."""
    return CHECKS_DIST in os.environ


def deploy_archive_of(architecture: str, folder: Path = DIST) -> Path:
    """Returns the file of an architecture's deployable archive."""
    return folder / f"inlet-{upgrade.version()}-deploy-{architecture}.tar.gz"


def command_of(architecture: str) -> tuple[Path, Path]:
    """Returns the files in dist/ with the command for an architecture: the wheel and the archive."""
    # The order of the tags is that of the program that writes them.
    tags = set(WHEEL_TAGS[architecture].split("."))
    wheels = DIST.glob(f"inlet_cli-{upgrade.version()}-*.whl")
    (wheel,) = (wheel for wheel in wheels if set(wheel.stem.rsplit("-", 1)[1].split(".")) == tags)
    return wheel, DIST / f"inlet-{upgrade.version()}-{compilers.COMMAND[architecture]}.tar.gz"


def deploy_archive(architecture: str, folder: Path = DIST) -> Path:
    """Archives the packages in `folder` with a template and settings: after unpacking, `sam deploy` needs nothing else."""
    file = deploy_archive_of(architecture, folder)
    name = file.name.removesuffix(".tar.gz")
    files = {f"{name}/{paper}": (paths.ROOT / paper).read_bytes() for paper in PAPERS}
    files[f"{name}/samconfig.toml"] = (paths.ROOT / "samconfig.toml").read_bytes()
    files[f"{name}/template.yaml"] = (folder / f"template-{architecture}.yaml").read_bytes()
    for packed in sorted(folder.glob(f"*-{architecture}.zip")):
        files[f"{name}/{packed.name}"] = packed.read_bytes()
    return _archive(file, files)


def command(architecture: str, folder: Path = DIST, profile: dict[str, str] | None = None) -> tuple[Path, Path]:
    """Builds the wheel that carries the command, and the archive with the same binary, and returns both.

    `profile` has cargo's variables for another profile than a release's.
    """
    triple = compilers.COMMAND[architecture]
    compiler = compilers.find(triple)
    variables = {"RUSTC": compiler.rustc, "CARGO_TARGET_DIR": str(build.TARGET / "command"), **compiler.variables}
    environment = tools.environment() | package.reproducible(paths.ROOT, compiler.flags) | (profile or {}) | variables
    wheels = paths.STATE / "wheels" / triple
    shutil.rmtree(wheels, ignore_errors=True)
    maturin = [
        "maturin", "build", "--release", "--locked", "--manifest-path", paths.ROOT / "cli" / "Cargo.toml",
        "--bindings", "bin", "--zig", "--target", triple, "--out", wheels,
    ]
    run(maturin, log=f"maturin-{architecture}", env=environment)
    (built,) = wheels.iterdir()
    run(["wheel", "tags", "--remove", "--platform-tag", WHEEL_TAGS[architecture], built], log="wheel-tags", env=environment)
    (wheel,) = wheels.iterdir()
    wheel = Path(shutil.move(wheel, folder / wheel.name))
    name = f"inlet-{upgrade.version()}-{triple}"
    files = {f"{name}/{paper}": (paths.ROOT / paper).read_bytes() for paper in PAPERS}
    files[f"{name}/inlet"] = binary(wheel)
    return wheel, _archive(folder / f"{name}.tar.gz", files, runnable={f"{name}/inlet"})


def binary(wheel: Path) -> bytes:
    """Returns the command in a wheel."""
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
