"""The way of AWS clients to the emulator, and to no real account."""

import os
from dataclasses import dataclass

import boto3

from local import place

ACCESS_KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class Aws:
    """AWS as the emulator at `endpoint` plays it."""

    endpoint: str

    def client(self, service: str):
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=place.REGION,
            aws_access_key_id=ACCESS_KEY["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCESS_KEY["AWS_SECRET_ACCESS_KEY"],
        )

    def environment(self) -> dict[str, str]:
        """This process's environment, with the emulator in place of whatever account it names."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        nowhere = str(place.STATE / "no-such-file")
        return kept | ACCESS_KEY | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": place.REGION,
            "AWS_DEFAULT_REGION": place.REGION,
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        stack = self.client("cloudformation").describe_stacks(StackName=place.STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def resources(self) -> dict[str, str]:
        """The physical ids of the stack's resources by their names in the template."""
        listed = self.client("cloudformation").describe_stack_resources(StackName=place.STACK)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}
