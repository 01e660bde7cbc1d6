"""docs/bundles.md and docs/data.md say what is so: the places of graphs, and the lines of data."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

import edgeact
from edgeact.bundle.manifest import GraphSpec, InputMeaning, OutputMeaning
from edgeact.bundle.plan_faults import takes_what_there_is

REPOSITORY = Path(__file__).parents[1]
BUNDLES, DATA = ((REPOSITORY / "docs" / name).read_text(encoding="utf-8") for name in ("bundles.md", "data.md"))
SCHEMA = json.loads((Path(edgeact.__file__).parent / "assets" / "frames.schema.json").read_text(encoding="utf-8"))


def places() -> list[list[str]]:
    text = BUNDLES.partition("<!-- places:begin -->")[2].partition("<!-- places:end -->")[0]
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_words_are_those_of_the_schema() -> None:
    words = {word for row in places() for cell in row[1:4] for word in re.findall(r"`([a-z0-9_]+)`", cell)}
    assert words == {*get_args(InputMeaning), *get_args(OutputMeaning)}


@pytest.mark.parametrize(
    "row", [row for row in places() if "/" in row[0]], ids=lambda row: f"{row[0]} {row[1]} {row[2]}"
)
def test_each_place_takes_what_a_graph_there_can_be_given(row: list[str]) -> None:
    scope, horizon = row[0].split("/")
    taken = {"name": "x", "meaning": row[1].strip("`"), "shape": ["N"], "dtype": "float32"}
    described: dict[str, Any] = {"name": "g", "file": "g.onnx", "sha256": "0" * 64, "scope": scope, "horizon": horizon}
    graph = GraphSpec.model_validate({**described, "inputs": [taken], "outputs": []})
    assert takes_what_there_is(graph)
    others = [
        meaning
        for meaning in get_args(InputMeaning)
        if (row[0], f"`{meaning}`") not in {(r[0], r[1]) for r in places()}
    ]
    for meaning in others:
        assert not takes_what_there_is(
            graph.model_copy(update={"inputs": (graph.inputs[0].model_copy(update={"meaning": meaning}),)})
        )


@pytest.mark.parametrize("number", range(3))
def test_the_examples_of_lines_keep_to_the_schema(number: int) -> None:
    examples = re.findall(r"```json\n(.*?)```", DATA, flags=re.DOTALL)
    assert len(examples) == 3
    jsonschema.validate(json.loads(examples[number]), SCHEMA)
