"""A consumer in the mode `https`: checks the signature of a delivery."""

from collections.abc import Iterable, Mapping

from standardwebhooks import Webhook, WebhookVerificationError

from .event import Event, parse_event


def verify(body: str | bytes, headers: Mapping[str, str], secrets: str | Iterable[str]) -> Event:
    """Returns the event of a delivery whose signature matches one of the secrets (`whsec_...`).

    `body` is the raw body: the signature covers its bytes. Several secrets are live while one replaces another. Raises
    `WebhookVerificationError` if no secret matches, or if the delivery is more than five minutes old or early.
    """
    if not _fits(body, dict(headers), [secrets] if isinstance(secrets, str) else list(secrets)):
        raise WebhookVerificationError("no secret verifies the delivery")
    return parse_event(body)


def _fits(body: str | bytes, headers: dict[str, str], secrets: list[str]) -> bool:
    for webhook in map(Webhook, secrets):
        try:
            webhook.verify(body, headers, json_parse=False)
        # The library raises a ValueError for headers and bodies that are malformed.
        except (WebhookVerificationError, ValueError):
            continue
        return True
    return False
