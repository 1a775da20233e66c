"""Compiles all functions in one quick cargo call, then packs them with `sam build`."""

import hashlib
import sys

from local import paths, tools
from local.steps import run

TARGET = paths.STATE / "target"

# Quick to build: only the crates that Cargo.toml names for speed are optimised.
QUICK_PROFILE = {
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_DEBUG": "0",
    "CARGO_PROFILE_RELEASE_STRIP": "debuginfo",
}

# In the environment, so that SAM's own calls of cargo find everything compiled.
QUICK_RELEASE = QUICK_PROFILE | {"CARGO_TARGET_DIR": str(TARGET)}

# For the figures that bench/figures.json compares: optimised, and without the slow optimisation of a release.
MEASURED_TARGET = TARGET / "measured"
MEASURED_RELEASE = QUICK_RELEASE | {
    "CARGO_TARGET_DIR": str(MEASURED_TARGET),
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
}


def compile_functions(profile: dict[str, str] | None = None) -> None:
    """Compiles every function, by default with the quick profile; a matter of a second when nothing changed."""
    packages = [part for binary in binaries() for part in ("--package", binary)]
    architecture = ["--arm64"] if paths.architecture() == "arm64" else []
    run(["cargo", "lambda", "build", "--release", *architecture, *packages], env=tools.environment() | (profile or QUICK_RELEASE))


def pack(parameters: list[str]) -> None:
    """Runs the real `sam build`, which calls cargo for each function again and finds it compiled."""
    command = ["sam", "build", "--template", paths.TEMPLATE, "--build-dir", paths.BUILT]
    output = run([*command, "--parameter-overrides", *parameters], log="sam-build", env=tools.environment() | QUICK_RELEASE)
    if "Compiling" in output:
        print("    note: sam build compiled something again; see .local/logs/sam-build.log", file=sys.stderr)


def fingerprint() -> str:
    """Returns a hash of everything that would be deployed: the template and every function's binary."""
    digest = hashlib.sha256(paths.TEMPLATE.read_bytes())
    for binary in binaries():
        digest.update((TARGET / "lambda" / binary / "bootstrap").read_bytes())
    return digest.hexdigest()


def binaries() -> list[str]:
    """Returns the functions' binaries: one for each folder below functions/. Each is also the name of its package."""
    return [f"inlet-{manifest.parent.name}" for manifest in sorted((paths.ROOT / "functions").glob("*/Cargo.toml"))]
