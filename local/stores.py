"""The demo stores and their secrets: fixed, public, and only ever created by the local stack."""

import json
from pathlib import Path

import boto3

from local import place

DEMO = json.loads(Path(__file__).with_name("demo-stores.json").read_text())


def put_secrets(session: boto3.Session) -> None:
    """Writes each store's credentials where the functions look for them."""
    ssm = session.client("ssm")
    for provider, stores in DEMO.items():
        for store, credentials in stores.items():
            name = f"/inlet/{place.STAGE}/{provider}/{store}"
            ssm.put_parameter(Name=name, Type="SecureString", Value=json.dumps(credentials), Overwrite=True)
