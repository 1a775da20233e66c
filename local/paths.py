"""Paths, and the names of the local stack."""

import json
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "events"
TEMPLATE = ROOT / "template.yaml"
BUILT = ROOT / ".aws-sam" / "build"

# Everything that is created here and not committed.
STATE = ROOT / ".local"
LOGS = STATE / "logs"
STACK_FILE = STATE / "stack.json"

STAGE = "local"
STACK = "inlet-local"
REGION = "us-east-1"

# Age at which the sweeper sends an event again.
RESEND_AFTER_SECONDS = 5

# Each provider's name and the file below events/ that `make up` sends: written by `make samples` from
# shared/inlet-providers.
SAMPLES = {
    provider["name"]: provider["sample"]
    for provider in json.loads(Path(__file__).with_name("providers.json").read_text())
}
PROVIDERS = tuple(SAMPLES)


def architecture() -> str:
    """Returns Lambda's name for this machine's processor: what runs here is built for it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def function(provider: str) -> str:
    """Returns the logical id of a provider's function."""
    return f"{provider.capitalize()}Function"


def block(document: str, mark: str) -> str:
    """Returns the fenced block behind the comment with this mark in a document."""
    behind = (ROOT / document).read_text().split(f"<!-- {mark} -->")[1]
    return behind.split("```")[1].partition("\n")[2]
