"""The lines of real results are what the JSON Schema says that ships with edgeact."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import edgeact
from edgeact.bundle.load import load_bundle
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.sinks.events import EventsSink
from edgeact.sinks.jsonl import JsonlSink
from edgeact.types import Frame
from tests.results import source_info
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from tests.tiny_readers import add_lifter, build_heads_bundle, build_side_bundle, build_trend_bundle

SCHEMA = json.loads((Path(edgeact.__file__).parent / "assets" / "frames.schema.json").read_text(encoding="utf-8"))


def build_both(folder: Path) -> Path:
    return build_side_bundle(folder, multi_label=True)


def build_lifted(folder: Path) -> Path:
    return add_lifter(build_tiny_bundle(folder))


def walk_and_light(seconds: float) -> Iterator[Frame]:
    """Somebody walks on the left, and after a second it becomes bright on the right."""
    for index in range(round(seconds * 25)):
        time = index / 25
        lamp = [(260, 10, 310, 230)] if time > 1 else []
        yield Frame(index, time, tiny_picture(320, 240, [(20 + 30 * time, 40, 44 + 30 * time, 120), *lamp]))


def write(folder: Path, bundle_folder: Path, **settings: object) -> list[dict[str, Any]]:
    """The lines of a clip of the toy world; events.csv beside them."""
    bundle, config = load_bundle(bundle_folder), PipelineConfig.model_validate(settings)
    sink = JsonlSink(folder / "a.jsonl", info=source_info(), bundle=bundle, config=config, every=1)
    events = EventsSink(folder / "a.events.csv")
    with Engine(bundle) as engine:
        perceiver = Perceiver(engine, config)
        for frame in walk_and_light(2.5):
            perceived = perceiver.process(frame)
            sink.write(perceived.observation, None)
            for event in perceived.events:
                events.write_event(event)
        for event in perceiver.finish():
            events.write_event(event)
    sink.close()
    events.close()
    return [json.loads(line) for line in (folder / "a.jsonl").read_text(encoding="utf-8").splitlines()]


KINDS: dict[str, tuple[Callable[[Path], Path], str, set[str]]] = {
    "the toy world": (build_tiny_bundle, "first", {"action"}),
    "its joints chosen": (build_tiny_bundle, "joints", {"action", "attention"}),
    "3d": (build_lifted, "first", {"action", "joints_3d"}),
    "several heads": (build_heads_bundle, "saliency", {"action", "heads", "attention"}),
    "a scene": (build_side_bundle, "first", {"scene"}),
    "independent labels": (build_both, "all", {"scene", "attention"}),
    "clips of pictures": (build_trend_bundle, "counter", {"scene", "attention"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_keeps_to_the_schema(tmp_path: Path, kind: str) -> None:
    build, attention, wanted = KINDS[kind]
    header, *frames = write(tmp_path, build(tmp_path / "bundle"), attention=attention)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for line in (header, *frames[::12], frames[-1]):
        validator.validate(line)
    last = frames[-1]
    found = set(last).union(*(person for person in last["persons"])) if last["persons"] else set(last)
    optional = {"action", "heads", "joints_3d", "scene", "attention"}
    assert found & optional == wanted
    if "attention" in wanted:
        maps = last["attention"] if "scene" in wanted else last["persons"][0]["attention"]
        assert {found["name"] for found in maps} == {"sam", "human_map"} if attention == "all" else {attention}
        assert 0 <= np.min(maps[0]["values"]) <= np.max(maps[0]["values"]) <= 1
        assert ("joints" in maps[0]) == (attention == "joints")


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.update(extra=1),
        lambda line: line.pop("time"),
        lambda line: line["persons"][0].pop("box"),
        lambda line: line["persons"][0]["joints"][0].pop(),
        lambda line: line["persons"][0]["action"].update(label=3),
        lambda line: line["persons"][0]["action"]["raw"].update(walk=1.5),
    ],
)
def test_the_schema_refuses_what_is_no_line(tmp_path: Path, damage: Callable[[dict[str, Any]], object]) -> None:
    last = write(tmp_path, build_tiny_bundle(tmp_path / "bundle"))[-1]
    damage(last)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(last, SCHEMA)


def test_what_the_scene_shows_is_in_lines_and_events(tmp_path: Path) -> None:
    header, *frames = write(tmp_path, build_both(tmp_path / "bundle"))
    assert header["skeleton"] is None
    (head,) = header["heads"]
    assert (head["name"], head["scope"], head["multi_label"], head["thresholds"]) == ("side", "scene", True, [0.9, 0.5])
    assert frames[-1]["scene"]["side"]["label"] == "right"
    assert frames[-1]["scene"]["side"]["labels"] == ["right"]
    head_line, *rows = (tmp_path / "a.events.csv").read_text().splitlines()
    assert head_line == "track,label,start,end,peak_score"
    assert [row.split(",")[:2] for row in rows] == [["scene", "right"]]


def test_of_several_labels_in_force_the_highest_stands_alone(tmp_path: Path) -> None:
    bundle = load_bundle(build_both(tmp_path / "bundle"))
    with Engine(bundle) as engine:
        seen = Perceiver(engine).process(Frame(0, 0.0, tiny_picture(320, 240, [(0, 0, 320, 240)]))).observation
    reading = replace(seen.scene[0], labels=("left", "right"), scores=(0.91, 0.99))
    sink = JsonlSink(tmp_path / "a.jsonl", info=source_info(), bundle=bundle, config=PipelineConfig(), every=1)
    sink.write(replace(seen, scene=(reading,)), None)
    sink.close()
    line = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[1])
    assert (line["scene"]["side"]["label"], line["scene"]["side"]["labels"]) == ("right", ["left", "right"])
