"""What ships with the package: the bundle works on the demo clip, and both are described."""

import csv
from pathlib import Path

import pytest

from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions
from edgeact.bundle.load import load_bundle, packaged_bundle_path
from edgeact.sinks.jsonl import read_frames, read_header

ASSETS = packaged_bundle_path().parents[1]


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    assert annotate([str(ASSETS / "demo.mp4")], out, AnnotateOptions(video=False)).exit_code == 0
    return out


@pytest.mark.parametrize(("name", "more"), [("compact", set()), ("accurate", {"detector_published"})])
def test_every_graph_is_the_one_that_the_manifest_describes(name: str, more: set[str]) -> None:
    bundle = load_bundle(Path(name))
    usual = {"detector", "pose", "action", "explain", "lifter"}
    assert {graph.name for graph in bundle.manifest.graphs} == usual | more
    for graph in bundle.manifest.graphs:
        bundle.read_graph(graph)


def test_the_card_and_the_manifest_tell_the_same_numbers() -> None:
    manifest = load_bundle().manifest
    card = (packaged_bundle_path() / "MODEL_CARD.md").read_text(encoding="utf-8")
    penn = manifest.training["metrics"]["actions"]["penn_action"]
    assert f"{100 * penn['annotated']:.1f} %" in card
    assert f"{100 * manifest.training['metrics']['pose']['lspet']['pck_0.2']:.1f} %" in card
    for name in ("Penn Action", "Leeds Sports Pose", "UT-Interaction", "COCO", "JHMDB"):
        assert name in card


def test_two_people_are_followed_through_the_demo(annotated: Path) -> None:
    frames = list(read_frames(annotated / "demo.frames.jsonl"))
    assert [frame["index"] for frame in frames] == list(range(400))
    two = sum(len(frame["persons"]) >= 2 for frame in frames)
    assert two / len(frames) > 0.9  # but where one walks behind the other
    assert read_header(annotated / "demo.frames.jsonl")["bundle"]["digest"] == load_bundle().digest


def test_the_demo_shows_its_actions(annotated: Path) -> None:
    with (annotated / "demo.events.csv").open(newline="") as file:
        found = {row["label"] for row in csv.DictReader(file)}
    assert {"jumping_jacks", "walk"} <= found


def test_each_label_that_the_demo_shows_is_in_one_event(annotated: Path) -> None:
    with (annotated / "demo.events.csv").open(newline="") as file:
        events = list(csv.DictReader(file))
    threshold = load_bundle().plan.heads[0].score
    labelled = 0
    for frame in read_frames(annotated / "demo.frames.jsonl"):
        for person in frame["persons"]:
            held = [
                event["label"]
                for event in events
                if int(event["track"]) == person["track"]
                and float(event["start"]) - 5e-4 <= frame["time"] <= float(event["end"]) + 5e-4  # it has three decimals
            ]
            label = person["action"]["label"] if person["action"] else None
            assert held == ([] if label is None else [label])
            if label is not None:
                labelled += 1
                assert person["action"]["smoothed"][label] >= threshold - 5e-5
    assert labelled > 400


def test_the_clip_is_credited() -> None:
    text = (ASSETS / "demo_credits.md").read_text(encoding="utf-8")
    assert "MIT" in text
    assert "CC0" in text
