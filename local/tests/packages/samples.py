"""Reads every sample event that the arguments name, and compares what was read with the sample."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from inlet_events import parse_event


def untyped(part: Any, path: str) -> list[str]:
    """Returns the fields that no model has."""
    if isinstance(part, BaseModel):
        own = [f"{path}.{name}" for name in part.model_extra or {}]
        return own + [found for name in part.model_fields_set for found in untyped(getattr(part, name, None), f"{path}.{name}")]
    if isinstance(part, list):
        return [found for one in part for found in untyped(one, f"{path}[]")]
    return []


for name in sys.argv[1:]:
    text = Path(name).read_bytes()
    event = parse_event(text)
    assert event.model_dump(mode="json", exclude_unset=True) == json.loads(text), name
    assert untyped(event, "event") == [], name
    assert type(event.data).__name__.lower() == event.kind.replace("_", ""), name
    assert event.type == f"commerce.{event.kind}.{event.verb}", name
