"""The demo stores and their secrets: fixed, public, and only ever created by the local stack."""

import json
from pathlib import Path

from local import place
from local.aws import Aws

DEMO = json.loads(Path(__file__).with_name("demo-stores.json").read_text())


def put_secrets(aws: Aws) -> None:
    """Writes each store's credentials where the functions look for them."""
    ssm = aws.client("ssm")
    for provider, stores in DEMO.items():
        for store, credentials in stores.items():
            name = f"/inlet/{place.STAGE}/{provider}/{store}"
            ssm.put_parameter(Name=name, Type="SecureString", Value=json.dumps(credentials), Overwrite=True)
