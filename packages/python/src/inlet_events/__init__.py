"""Types and helpers for consumers of Inlet's events."""

from standardwebhooks import WebhookVerificationError

from ._model import Model
from .event import Data, Event, parse_event
from .function import Failure, Permanent, Response, Transient, each_event, parse_events
from .raw_body import raw_body
from .signature import verify
from .types import (
    Adjustment,
    App,
    Cart,
    Category,
    Coupon,
    Customer,
    Loyalty,
    Money,
    Order,
    Outlet,
    Payment,
    Product,
    PurchaseOrder,
    ReturnOrder,
    ReturnPurchaseOrder,
    Shift,
    Shipment,
    Stock,
    Subscription,
    Supplier,
    Transfer,
    Unknown,
)

__all__ = [
    "Adjustment",
    "App",
    "Cart",
    "Category",
    "Coupon",
    "Customer",
    "Data",
    "Event",
    "Failure",
    "Loyalty",
    "Model",
    "Money",
    "Order",
    "Outlet",
    "Payment",
    "Permanent",
    "Product",
    "PurchaseOrder",
    "Response",
    "ReturnOrder",
    "ReturnPurchaseOrder",
    "Shift",
    "Shipment",
    "Stock",
    "Subscription",
    "Supplier",
    "Transfer",
    "Transient",
    "Unknown",
    "WebhookVerificationError",
    "each_event",
    "parse_event",
    "parse_events",
    "raw_body",
    "verify",
]
