"""Builds all functions in one cheap cargo call, then packs them with `sam build`."""

import hashlib
import sys

from samtranslator.yaml_helper import yaml_parse

from local import place, tools
from local.steps import run

TARGET = place.STATE / "target"

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
