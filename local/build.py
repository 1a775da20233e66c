"""Builds all functions in one cheap cargo call, then packs them with `sam build`."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from local import place, tools
from local.steps import run

TARGET = place.STATE / "target"

TRIPLES = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}

# The compiler in use, and Debian's, whose standard library for another architecture is a package like any other.
COMPILERS = ("rustc", "/usr/bin/rustc")

# Quick to build. In the environment, so that SAM's own calls of cargo find everything fresh.
CHEAP_RELEASE = {
    "CARGO_TARGET_DIR": str(TARGET),
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_DEBUG": "0",
    "CARGO_PROFILE_RELEASE_STRIP": "debuginfo",
}


def compile_functions() -> None:
    """Compiles every function that the template names; quick when nothing changed."""
    packages = [part for binary in binaries() for part in ("--package", binary)]
    architecture = ["--arm64"] if place.architecture() == "arm64" else []
    run(["cargo", "lambda", "build", "--release", *architecture, *packages], env=_environment())


def pack(parameters: list[str]) -> None:
    """Runs the real `sam build`, which asks cargo again for each function and finds it fresh."""
    command = ["sam", "build", "--template", place.TEMPLATE, "--build-dir", place.BUILT]
    output = run([*command, "--parameter-overrides", *parameters], log="sam-build", env=_environment())
    if "Compiling" in output:
        print("    note: sam build compiled something again; see .local/logs/sam-build.log", file=sys.stderr)


def fingerprint() -> str:
    """A hash of what would be deployed: the template and every function's binary."""
    digest = hashlib.sha256(place.TEMPLATE.read_bytes())
    for binary in binaries():
        digest.update((TARGET / "lambda" / binary / "bootstrap").read_bytes())
    return digest.hexdigest()


def compiler(architecture: str) -> str | None:
    """The first compiler that has a standard library for this architecture, if one has."""
    return next((rustc for rustc in COMPILERS if _has_standard_library(rustc, TRIPLES[architecture])), None)


def binaries() -> list[str]:
    """The binaries of the template's functions; each is also the name of its package."""
    resources = yaml_parse(place.TEMPLATE.read_text())["Resources"].values()
    return [
        resource["Metadata"]["BuildProperties"]["Binary"]
        for resource in resources
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def _environment() -> dict[str, str]:
    return tools.environment() | CHEAP_RELEASE


def _has_standard_library(rustc: str, triple: str) -> bool:
    if not shutil.which(rustc):
        return False
    told = subprocess.run([rustc, "--print", "target-libdir", "--target", triple], capture_output=True, text=True)
    return any(Path(told.stdout.strip()).glob("libstd-*.rlib"))
