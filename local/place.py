"""Where things lie, and what the local stack is called."""

import os
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
ACCESS_KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

PROVIDERS = ("zort", "dealpos", "zid", "tiki", "zip")


def architecture() -> str:
    """This machine's processor, by Lambda's name for it: what runs here is built for here."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def aws_environment(endpoint: str) -> dict[str, str]:
    """What sends an AWS client to the emulator, and keeps it from any real account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = str(STATE / "no-such-file")
    return kept | ACCESS_KEY | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
