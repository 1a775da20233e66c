"""Creates the API's routes from the OpenAPI body in the deployed template, which the emulator ignores."""

import json
import re
from typing import Any

import boto3

from local import place

# What SAM writes for a route: the function of the integration is all that is needed of it.
ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
FUNCTION_IN_URI = re.compile(r"\$\{(\w+)\.Arn\}")


def create(session: boto3.Session) -> str:
    """Makes the API's routes those of the deployed template, and gives the API's id."""
    cloudformation = session.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=place.STACK)["Stacks"][0]
    template = _plain(cloudformation.get_template(StackName=place.STACK, TemplateStage="Processed")["TemplateBody"])
    listed = cloudformation.describe_stack_resources(StackName=place.STACK)["StackResources"]
    resources = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}
    parameters = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}

    conditions = Conditions(template.get("Conditions", {}), parameters)
    body = conditions.resolve(template["Resources"]["Api"]["Properties"]["Body"])
    _replace(session, resources["Api"], {key: resources[function] for key, function in _routes(body).items()})
    return resources["Api"]


class Conditions:
    """The template's conditions, decided by the stack's parameters."""

    def __init__(self, conditions: dict, parameters: dict[str, str]):
        self._conditions = conditions
        self._parameters = parameters

    def resolve(self, node: Any) -> Any:
        """`node` with every Fn::If decided and what is not there left out."""
        match node:
            case {"Fn::If": [condition, then, otherwise]}:
                return self.resolve(then if self._holds({"Condition": condition}) else otherwise)
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


def _plain(template: Any) -> dict:
    return json.loads(template if isinstance(template, str) else json.dumps(template))


def _routes(body: dict) -> dict[str, str]:
    """Route key to the logical id of its function."""
    return {
        f"{_method(method)} {path}": FUNCTION_IN_URI.search(operation[INTEGRATION]["uri"]["Fn::Sub"])[1]
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
    }


def _method(name: str) -> str:
    return "ANY" if name == ANY_METHOD else name.upper()


def _replace(session: boto3.Session, api: str, routes: dict[str, str]) -> None:
    gateway = session.client("apigatewayv2")
    for route in gateway.get_routes(ApiId=api)["Items"]:
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api)["Items"]:
        gateway.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])
    integrations = {function: _integrate(session, api, function) for function in sorted(set(routes.values()))}
    for key, function in sorted(routes.items()):
        gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integrations[function]}")


def _integrate(session: boto3.Session, api: str, function: str) -> str:
    arn = session.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    integration = session.client("apigatewayv2").create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    return integration["IntegrationId"]
