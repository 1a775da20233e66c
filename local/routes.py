"""Creates the API's routes from the OpenAPI body in the deployed template, which the emulator ignores."""

import json
import re
from typing import Any

from local import place
from local.aws import Aws

# What SAM writes for a route: the function of the integration is all that is needed of it.
ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
FUNCTION_IN_URI = re.compile(r"\$\{(\w+)\.Arn\}")


def create(aws: Aws) -> None:
    """Makes the API's routes those of the deployed template."""
    cloudformation = aws.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=place.STACK)["Stacks"][0]
    parameters = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}
    deployed = cloudformation.get_template(StackName=place.STACK, TemplateStage="Processed")["TemplateBody"]
    template = deployed if isinstance(deployed, dict) else json.loads(deployed)

    conditions = Conditions(template.get("Conditions", {}), parameters)
    body = conditions.resolve(template["Resources"]["Api"]["Properties"]["Body"])
    resources = aws.resources()
    _replace(aws, resources["Api"], {key: resources[function] for key, function in _routes(body).items()})


class Conditions:
    """The template's conditions, decided by the stack's parameters."""

    def __init__(self, conditions: dict, parameters: dict[str, str]):
        self._conditions = conditions
        self._parameters = parameters

    def resolve(self, node: Any) -> Any:
        """`node` with every Fn::If decided and what is not there left out."""
        match node:
            case {"Fn::If": [name, then, otherwise]}:
                return self.resolve(then if self._holds(self._conditions[name]) else otherwise)
            case {"Ref": "AWS::NoValue"}:
                return None
            case dict():
                resolved = {key: self.resolve(value) for key, value in node.items()}
                return {key: value for key, value in resolved.items() if value is not None}
            case list():
                return [value for value in map(self.resolve, node) if value is not None]
        return node

    def _holds(self, condition: dict) -> bool:
        match condition:
            case {"Condition": name}:
                return self._holds(self._conditions[name])
            case {"Fn::Equals": [left, right]}:
                return self._value(left) == self._value(right)
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::And": parts}:
                return all(map(self._holds, parts))
            case {"Fn::Or": parts}:
                return any(map(self._holds, parts))
        raise ValueError(f"a condition this tool does not know: {condition}")

    def _value(self, node: Any) -> str:
        return self._parameters[node["Ref"]] if isinstance(node, dict) else str(node)


def _routes(body: dict) -> dict[str, str]:
    """Route key to the template's name of its function."""
    return {
        f"{_method(method)} {path}": FUNCTION_IN_URI.search(operation[INTEGRATION]["uri"]["Fn::Sub"])[1]
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
    }


def _method(name: str) -> str:
    return "ANY" if name == ANY_METHOD else name.upper()


def _replace(aws: Aws, api: str, routes: dict[str, str]) -> None:
    gateway = aws.client("apigatewayv2")
    for route in gateway.get_routes(ApiId=api)["Items"]:
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api)["Items"]:
        gateway.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])
    targets = {function: _integrate(aws, api, function) for function in sorted(set(routes.values()))}
    for key, function in sorted(routes.items()):
        gateway.create_route(ApiId=api, RouteKey=key, Target=targets[function])


def _integrate(aws: Aws, api: str, function: str) -> str:
    arn = aws.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    integration = aws.client("apigatewayv2").create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    return f"integrations/{integration['IntegrationId']}"
