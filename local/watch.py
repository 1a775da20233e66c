"""Reads the stored events and the receipts from the table."""

from dataclasses import dataclass

from local.aws import Aws


@dataclass(frozen=True)
class Holdings:
    """The ids of a table's events, which start with the provider's name."""

    stored: frozenset[str]
    processed: frozenset[str]


def holdings(aws: Aws, table: str) -> Holdings:
    """Returns all events in the table: a local table is small."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk")
    keys = [(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]]
    return Holdings(_ids(keys, "event/"), _ids(keys, "receipt/"))


def _ids(keys: list[tuple[str, str]], kind: str) -> frozenset[str]:
    return frozenset(f"{pk}/{sk.removeprefix(kind)}" for pk, sk in keys if sk.startswith(kind))
