"""Where things lie, and what the local stack is called."""

import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "events"
TEMPLATE = ROOT / "template.yaml"
BUILT = ROOT / ".aws-sam" / "build"

# Everything that is made here and is not committed.
STATE = ROOT / ".local"
LOGS = STATE / "logs"
STACK_FILE = STATE / "stack.json"

STAGE = "local"
STACK = "inlet-local"
REGION = "us-east-1"

# When the sweeper takes an event for lost.
SETTLED_SECONDS = 5

PROVIDERS = ("zort", "dealpos", "zid", "tiki", "zip")


def architecture() -> str:
    """This machine's processor, by Lambda's name for it: what runs here is built for here."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def function(provider: str) -> str:
    """The template's name for a provider's function."""
    return f"{provider.capitalize()}Function"
