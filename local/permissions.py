"""Allows what the emulator refuses although AWS would allow it by the template's own policies."""

import json

from local import place
from local.aws import Aws

# The emulator asks about a list of parameters as `*`, where AWS asks about each by its own name.
ANY_PARAMETER = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}],
}


def widen(aws: Aws) -> None:
    """Adds to each provider's role; everything else stays as the template has it, and is enforced."""
    iam, resources = aws.client("iam"), aws.resources()
    for function in map(place.function, place.PROVIDERS):
        if role := resources.get(f"{function}Role"):
            iam.put_role_policy(RoleName=role, PolicyName="emulator", PolicyDocument=json.dumps(ANY_PARAMETER))
