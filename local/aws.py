"""AWS clients of the emulator. None of them reaches a real account."""

import os
from dataclasses import dataclass

import boto3

from local import paths

ACCESS_KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class Aws:
    """The emulator at `endpoint`."""

    endpoint: str

    def client(self, service: str):
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=paths.REGION,
            aws_access_key_id=ACCESS_KEY["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCESS_KEY["AWS_SECRET_ACCESS_KEY"],
        )

    def environment(self) -> dict[str, str]:
        """Returns this process's environment with the emulator instead of the account that it names."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        nowhere = str(paths.STATE / "no-such-file")
        return kept | ACCESS_KEY | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": paths.REGION,
            "AWS_DEFAULT_REGION": paths.REGION,
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def outputs(self, stack: str = paths.STACK) -> dict[str, str]:
        """Returns the stack's outputs by name."""
        described = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def resources(self, stack: str = paths.STACK) -> dict[str, str]:
        """Returns the physical ids of the stack's resources by their logical ids."""
        listed = self.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}

    def api(self, stack: str = paths.STACK) -> str:
        """Returns the API's address: its own host name does not resolve everywhere, so its id is part of the path."""
        return f"{self.endpoint}/_aws/execute-api/{self.resources(stack)['Api']}"
