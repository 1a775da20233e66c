"""Checks the helpers of the installed Python package."""

import gzip
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from inlet_events import (
    Event, Order, Permanent, Response, Transient, Unknown, WebhookVerificationError, each_event, parse_event, parse_events,
    raw_body, verify,
)
from standardwebhooks import Webhook

OLD = "whsec_b2xkIHNlY3JldCBvZiB0aGUgY29uc3VtZXIgMTIzNA=="
NEW = "whsec_bmV3IHNlY3JldCBvZiB0aGUgY29uc3VtZXIgMTIzNA=="
OTHER = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSBjb25zdW1lciAxMg=="


def an_event(**changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "zid/riyadh/order/1/9f2c41d8a3b7e6f0", "source": "/zid/riyadh",
        "type": "commerce.order.created", "subject": "order/1", "datacontenttype": "application/json", "provider": "zid",
        "store": "riyadh", "providertype": "order.create", "trust": "shared_secret",
        "receivedtime": "2025-06-12T08:01:12.345Z", "data": {"id": "1"},
    } | changes


def refused(*arguments: Any) -> bool:
    try:
        verify(*arguments)
    except WebhookVerificationError:
        return True
    return False


def signatures() -> None:
    body = json.dumps(an_event(data={"id": "1", "number": "Ä-1"}), ensure_ascii=False)
    now = datetime.now(timezone.utc)
    signed = [Webhook(secret).sign(an_event()["id"], now, body) for secret in (NEW, OLD)]
    headers = {"Webhook-Id": an_event()["id"], "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": " ".join(signed)}
    for secrets in (OLD, NEW, [NEW], [OTHER, OLD], (OTHER, NEW)):
        assert verify(body.encode(), headers, secrets).id == an_event()["id"]
        assert verify(body, headers, secrets).subject == "order/1"
    assert refused(body, headers, OTHER)
    assert refused(body, headers, [])
    assert refused(body + " ", headers, OLD)
    assert refused(b"\xff", headers, OLD)
    assert refused(body, {}, OLD)
    for malformed in ("v1", "v1,!", "v1,ä", "", "v2," + signed[0][3:], ","):
        assert refused(body, headers | {"webhook-signature": malformed}, OLD), malformed
    for timestamp in (now - timedelta(minutes=6), now + timedelta(minutes=6)):
        late = Webhook(OLD).sign(an_event()["id"], timestamp, body)
        assert refused(body, headers | {"webhook-timestamp": str(int(timestamp.timestamp())), "webhook-signature": late}, OLD)


def later_versions() -> None:
    event = parse_event(an_event(
        type="commerce.voucher.created", trust="certified", extension="1", data={"id": "7", "state": "melted"},
    ))
    assert isinstance(event.data, Unknown) and event.data.model_extra == {"state": "melted"}
    assert (event.kind, event.verb, event.trust, event.model_extra) == ("voucher", "created", "certified", {"extension": "1"})
    order = parse_event(an_event(data={"state": "melted", "new": 1}))
    assert isinstance(order.data, Order) and order.data.state == "melted"
    large = an_event(dataref=an_event()["id"])
    del large["data"]
    assert parse_event(large).data is None
    for wrong in ({}, {"id": 1}, an_event(specversion="2.0")):
        try:
            parse_event(wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)


def failures() -> None:
    done: list[str] = []

    @each_event
    def handler(event: Event) -> None:
        match event.store:
            case "a":
                raise Transient("the shop is down")
            case "b":
                raise Permanent("the shop is unknown")
            case "c":
                raise KeyError("a name that must not be in the response")
        done.append(event.id)

    payload = {"events": [an_event(id=store, store=store) for store in "abcd"] + [{"id": "e"}]}
    response: Response = handler(payload, None)
    assert response == {"failures": [
        {"id": "a", "kind": "transient", "reason": "the shop is down"},
        {"id": "b", "kind": "permanent", "reason": "the shop is unknown"},
        {"id": "c", "kind": "permanent", "reason": "KeyError"},
        {"id": "e", "kind": "permanent", "reason": "ValidationError"},
    ]}
    assert done == ["d"]
    assert handler({"events": [an_event()]}, None) == {"failures": []}
    assert [event.id for event in parse_events({"events": [an_event()]})] == [an_event()["id"]]


class Binary:
    """Boto3's type of binary attributes."""

    def __init__(self, value: bytes) -> None:
        self.value = value

    def __bytes__(self) -> bytes:
        return self.value


class Table:
    def __init__(self, items: dict[tuple[str, str], dict[str, object]]) -> None:
        self.items = items

    def get_item(self, Key: dict[str, str]) -> dict[str, object]:
        item = self.items.get((Key["pk"], Key["sk"]))
        return {} if item is None else {"Item": item}


def raw_bodies() -> None:
    body, packed = b"\xff not JSON", gzip.compress(b"\xff not JSON" * 9)
    joined = gzip.compress(body + b'{"specversion":"1.0"}')
    table = Table({
        ("zid/a/order/1", "event/1"): {"gzip": Binary(joined), "size": Decimal(len(body))},
        ("zid/a/order/1", "event/2"): {"gzip_chunks": 2, "gzip_chunk_key": "k", "size": Decimal(len(body))},
        ("chunk/zid/a/order/1/0", "k"): {"piece": Binary(joined[:9])},
        ("chunk/zid/a/order/1/1", "k"): {"piece": Binary(joined[9:])},
        ("zid/a/order/1", "event/3"): {"body": Binary(body), "body_encoding": "identity"},
        ("zid/a/order/1", "event/4"): {"body": Binary(packed), "body_encoding": "gzip"},
        ("zid/a/order/1", "event/5"): {"body_chunks": 2, "body_chunk_key": "o", "body_encoding": "gzip"},
        ("chunk/zid/a/order/1/0", "o"): {"piece": Binary(packed[:9])},
        ("chunk/zid/a/order/1/1", "o"): {"piece": Binary(packed[9:])},
    })
    for n in (1, 2, 3):
        assert raw_body(table, f"zid/a/order/1/{n}") == body, n
    assert raw_body(table, "zid/a/order/1/4") == raw_body(table, "zid/a/order/1/5") == body * 9


signatures()
later_versions()
failures()
raw_bodies()
