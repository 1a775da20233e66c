"""The template as data: as written, as SAM transforms it, and its conditions for given parameters."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from local import paths

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


def load(file: Path = paths.TEMPLATE) -> dict:
    """Returns the template as plain dictionaries and lists, with intrinsic functions in their long form."""
    # Imported late: it is one of the tools.
    from samcli.yamlhelper import yaml_parse

    return json.loads(json.dumps(yaml_parse(file.read_text())))


@cache
def transformed() -> dict:
    """Returns the template after SAM's transform, as CloudFormation receives it."""
    import boto3
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = load()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # A placeholder for the code that `sam deploy` uploads.
            resource["Properties"]["CodeUri"] = "s3://code/function"
    # An empty map of AWS's own policies: no role may use one of them.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=paths.REGION))
    return json.loads(json.dumps(translator.translate(template, {})))


def defaults(template: dict) -> dict[str, str]:
    """Returns the parameters' default values."""
    return {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()}


class Conditions:
    """The template's conditions, decided for given parameters."""

    def __init__(self, conditions: dict, parameters: dict[str, str]):
        self._conditions = conditions
        self._parameters = parameters

    def resolve(self, node: Any) -> Any:
        """Returns `node` with every Fn::If decided, and without values that do not exist."""
        match node:
            case {"Fn::If": [name, then, otherwise]}:
                return self.resolve(then if self.holds(self._conditions[name]) else otherwise)
            case {"Ref": "AWS::NoValue"}:
                return None
            case dict():
                resolved = {key: self.resolve(value) for key, value in node.items()}
                return {key: value for key, value in resolved.items() if value is not None}
            case list():
                return [value for value in map(self.resolve, node) if value is not None]
        return node

    def holds(self, condition: dict) -> bool:
        """Returns whether a condition, given by its definition, is true."""
        match condition:
            case {"Condition": name}:
                return self.holds(self._conditions[name])
            case {"Fn::Equals": [left, right]}:
                return self._value(left) == self._value(right)
            case {"Fn::Not": [inner]}:
                return not self.holds(inner)
            case {"Fn::And": parts}:
                return all(map(self.holds, parts))
            case {"Fn::Or": parts}:
                return any(map(self.holds, parts))
        raise ValueError(f"unknown condition function: {condition}")

    def _value(self, node: Any) -> str:
        return self._parameters[node["Ref"]] if isinstance(node, dict) else str(node)
