"""A consumer in the mode `function`: reads the payload and writes the response."""

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict

from .event import Event, parse_event

_log = logging.getLogger("inlet_events")


class Failure(TypedDict):
    """An event that is not done."""

    id: str
    kind: Literal["permanent", "transient"]
    reason: str


class Response(TypedDict):
    """The return value of a consumer's function. Every event that it does not name is done."""

    failures: list[Failure]


class Permanent(Exception):
    """The event itself cannot be processed: it is tried five times and then parked. The text is the reason."""


class Transient(Exception):
    """A service that processing needs is down: the event is tried until it is done. The text is the reason."""


def parse_events(payload: Mapping[str, Any]) -> list[Event]:
    """Reads the events of a function's payload. Raises a `ValueError` if one of them is not an event."""
    return [parse_event(event) for event in payload["events"]]


def each_event(process: Callable[[Event], object]) -> Callable[[Mapping[str, Any], object], Response]:
    """Makes a Lambda handler of a function that processes one event.

    An exception fails its event only. Every exception but `Transient` counts as one of the event's five tries, because
    an error in the code would otherwise hold up the entity for as long as the error is there. The response has the
    name of an exception's class, and its text only for `Permanent` and `Transient`: other texts may contain personal data.
    """

    @functools.wraps(process)
    def handler(payload: Mapping[str, Any], context: object = None) -> Response:
        failures: list[Failure] = []
        for attributes in payload["events"]:
            try:
                process(parse_event(attributes))
            except Transient as error:
                failures.append({"id": attributes["id"], "kind": "transient", "reason": str(error)})
            except Permanent as error:
                failures.append({"id": attributes["id"], "kind": "permanent", "reason": str(error)})
            except Exception as error:
                _log.exception("the event %s failed", attributes["id"])
                failures.append({"id": attributes["id"], "kind": "permanent", "reason": type(error).__name__})
        return {"failures": failures}

    return handler
