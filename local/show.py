"""Sends one sample of each provider and prints its response, its stored event and its receipt."""

import time
from collections.abc import Set

from local import paths, samples, watch
from local.aws import Aws
from local.steps import Failed
from local.watch import Holdings

HEADINGS = ("provider", "sample", "answered", "stored", "processed")
NOTHING = "nothing"

# Enough for the first start of every function.
PROCESSED_SECONDS = 20


def send_samples(aws: Aws, stack: dict) -> None:
    """Prints one line per deployed provider. Fails if a sample is refused, not stored or not processed."""
    before = watch.holdings(aws, stack["table"])
    responses = {provider: _send(stack, provider) for provider in stack["stores"]}
    after = _once_processed(aws, stack["table"], before)
    rows = [
        (provider, paths.SAMPLES[provider], response, _trace(provider, after.stored, before.stored),
         _trace(provider, after.processed, before.processed))
        for provider, response in responses.items()
    ]
    _print_table([HEADINGS, *rows])
    refused = [provider for provider, _, answered, *_ in rows if not answered.startswith("2")]
    lost = [provider for provider, *_, stored, processed in rows if NOTHING in (stored, processed)]
    if refused or lost:
        raise Failed(f"refused: {', '.join(refused) or 'none'}; not stored or not processed: {', '.join(lost) or 'none'}")


def _send(stack: dict, provider: str) -> str:
    response = samples.send(stack["api"], samples.read(samples.file_of(provider)))
    return f"{response.status} {response.body}"[:40]


def _once_processed(aws: Aws, table: str, before: Holdings) -> Holdings:
    """Returns the table's events and receipts once every new event is processed, or after PROCESSED_SECONDS."""
    until = time.monotonic() + PROCESSED_SECONDS
    while True:
        holdings = watch.holdings(aws, table)
        if holdings.stored - before.stored <= holdings.processed or time.monotonic() > until:
            return holdings
        time.sleep(0.1)


def _trace(provider: str, after: Set[str], before: Set[str]) -> str:
    """Returns the provider's new ids, or the number of old ones: a sample that was sent before is a duplicate."""
    mine = {id for id in after if id.startswith(f"{provider}/")}
    new = sorted(mine - before)
    if new:
        return new[0] + (f" and {len(new) - 1} more" if new[1:] else "")
    return f"nothing new, {len(mine)} before" if mine else NOTHING


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
