"""The demo stores and their credentials: fixed, public, and only ever created by the local stack."""

import json
from pathlib import Path

from local import paths
from local.aws import Aws

DEMO = json.loads(Path(__file__).with_name("demo-stores.json").read_text())


def put_secrets(aws: Aws, stage: str = paths.STAGE) -> None:
    """Writes each demo store's credentials to the parameters that the functions read."""
    ssm = aws.client("ssm")
    for provider, stores in DEMO.items():
        for store, credentials in stores.items():
            name = f"/inlet/{stage}/{provider}/{store}"
            ssm.put_parameter(Name=name, Type="SecureString", Value=json.dumps(credentials), Overwrite=True)
