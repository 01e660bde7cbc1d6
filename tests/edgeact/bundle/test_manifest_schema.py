"""`edgeact/assets/manifest.schema.json` says what `edgeact.bundle.manifest` takes; this file as a program renews it.

python -m tests.edgeact.bundle.test_manifest_schema
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import edgeact
from edgeact.bundle.load import PACKAGED_BUNDLES, load_bundle
from edgeact.bundle.manifest import Manifest

PATH = Path(edgeact.__file__).parent / "assets" / "manifest.schema.json"


def schema() -> dict[str, Any]:
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "manifest.json of a bundle of edgeact, schema 2",
    }
    return {**head, **{key: value for key, value in Manifest.model_json_schema().items() if key != "title"}}


def test_the_file_is_that_of_the_code() -> None:
    assert json.loads(PATH.read_text(encoding="utf-8")) == schema(), (
        "renew it: python -m tests.edgeact.bundle.test_manifest_schema"
    )


@pytest.mark.parametrize("name", PACKAGED_BUNDLES)
def test_manifests_that_ship_keep_to_it(name: str) -> None:
    manifest = load_bundle(Path(name)).manifest.model_dump(mode="json")
    written = json.loads(PATH.read_text(encoding="utf-8"))
    jsonschema.validate(manifest, written)
    for damage in ({"schema_version": 3}, {"surplus": 1}, {"graphs": [{"name": "pose"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**manifest, **damage}, written)


if __name__ == "__main__":
    PATH.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
