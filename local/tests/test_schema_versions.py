"""A change of the schemas needs a new version of the packages for consumers."""

import json

import pytest

from local import event_types, paths
from local.steps import Failed

SCHEMAS = paths.ROOT / "schemas"


def test_both_packages_have_one_version():
    assert len(set(event_types.package_versions().values())) == 1


def test_the_version_of_the_packages_has_these_schemas():
    recorded = json.loads(event_types.VERSIONS.read_text())
    version = event_types.package_versions()["python"]
    assert recorded.get(version) == event_types.schemas_hash(), "raise the version of the packages, then `make types`"


def test_changed_schemas_fail_without_a_new_version(tmp_path, monkeypatch):
    for file in SCHEMAS.glob("*.json"):
        (tmp_path / file.name).write_text(file.read_text())
    assert event_types.schemas_hash(tmp_path) == event_types.schemas_hash()
    order = tmp_path / "order.schema.json"
    changed = json.loads(order.read_text())
    changed["properties"]["added"] = {"type": "string"}
    order.write_text(json.dumps(changed))
    before = event_types.VERSIONS.read_text()
    monkeypatch.setattr(event_types, "SCHEMAS", tmp_path)
    with pytest.raises(Failed, match="raise the version"):
        event_types.record_version()
    assert event_types.VERSIONS.read_text() == before
