"""The event as a whole: an envelope, and data of the kind that its type names."""

import json
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import model_validator

from . import types
from ._model import Model

Data = (
    types.Order
    | types.Payment
    | types.Product
    | types.Stock
    | types.Customer
    | types.Supplier
    | types.Cart
    | types.Category
    | types.PurchaseOrder
    | types.ReturnOrder
    | types.ReturnPurchaseOrder
    | types.Transfer
    | types.Shipment
    | types.Adjustment
    | types.Shift
    | types.Loyalty
    | types.Coupon
    | types.Outlet
    | types.Subscription
    | types.App
    | types.Unknown
)

# `purchase_order` is the kind of `PurchaseOrder`.
_CLASSES: dict[str, type[Model]] = {kind.__name__.lower(): kind for kind in get_args(Data)}


# The type of the notice that an entity was forgotten.
FORGOTTEN = "inlet.entity.forgotten"


class Event(types.Event):
    """An event. `data` is None if it was too large for a message; then `dataref` has the id of the stored event."""

    @property
    def kind(self) -> str:
        """The kind of the data: the second part of `type`, for example `order`."""
        return _kind(self.type)

    @property
    def verb(self) -> str:
        """The change of the object: the last part of `type`, for example `created`."""
        return self.type.rpartition(".")[2]

    @property
    def is_forgotten(self) -> bool:
        """True for the notice that the entity was forgotten: delete what arrived until `time`. It has no data."""
        return self.type == FORGOTTEN

    @model_validator(mode="before")
    @classmethod
    def _choose_data(cls, attributes: Any) -> Any:
        """Reads the data as the kind that `type` names: most fields are optional, so other kinds would fit too."""
        if not isinstance(attributes, Mapping) or not isinstance(attributes.get("data"), Mapping):
            return attributes
        # A kind of a later version is read as Unknown, with its fields in `model_extra`.
        kind = _CLASSES.get(_kind(str(attributes.get("type"))).replace("_", ""), types.Unknown)
        return {**attributes, "data": kind.model_validate(attributes["data"])}


def parse_event(payload: str | bytes | bytearray | Mapping[str, Any]) -> Event:
    """Reads an event from JSON text or from an object that was read from JSON.

    On EventBridge, the event is the notification's `detail`. Raises pydantic's `ValidationError` (a `ValueError`) if the
    payload is not an event.
    """
    return Event.model_validate(json.loads(payload) if isinstance(payload, (str, bytes, bytearray)) else payload)


def _kind(event_type: str) -> str:
    return event_type.split(".")[1] if event_type.count(".") == 2 else ""
