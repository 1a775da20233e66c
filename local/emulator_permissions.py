"""Allows calls that the emulator refuses although AWS would allow them by the template's own policies."""

import json

from local import paths
from local.aws import Aws

# The emulator checks a list of parameters as `*`, where AWS checks each parameter by its name.
ANY_PARAMETER = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["ssm:GetParameters", "ssm:GetParametersByPath"], "Resource": "*"}],
}


def widen(aws: Aws, stack: str = paths.STACK) -> None:
    """Adds to the role of each function that reads parameters. The emulator enforces everything else as the template has it."""
    iam, resources = aws.client("iam"), aws.resources(stack)
    others = ("ProcessorFunction", "SweeperFunction", "ReconcilerFunction")
    for function in (*map(paths.function, paths.PROVIDERS), *others):
        if role := resources.get(f"{function}Role"):
            iam.put_role_policy(RoleName=role, PolicyName="emulator", PolicyDocument=json.dumps(ANY_PARAMETER))
