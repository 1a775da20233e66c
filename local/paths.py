"""Paths, and the names of the local stack."""

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

PROVIDERS = ("zort", "dealpos", "zid", "tiki", "zip")


def architecture() -> str:
    """Returns Lambda's name for this machine's processor: what runs here is built for it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def function(provider: str) -> str:
    """Returns the logical id of a provider's function."""
    return f"{provider.capitalize()}Function"
