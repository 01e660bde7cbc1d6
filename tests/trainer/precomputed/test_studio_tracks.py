"""Tests of tracks in rendered clips: a person's track gets the label of the motion, other tracks are dropped."""

import json
import shutil
from pathlib import Path

import pytest

from edgeact.bundle.load import load_bundle
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from trainer.data.studio.motion import read_manifest
from trainer.data.studio.training_clips import plan_training_clips
from trainer.precomputed.found_tracks import PerceiverFactory
from trainer.precomputed.studio_tracks import studio_tracks


@pytest.fixture
def data(tmp_path: Path) -> Path:
    manifest = tmp_path / "data" / "studio" / "motion" / "manifest.csv"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("file,label,source,clip,license\nsit.npz,sit,made,sit,CC0\n")
    return tmp_path / "data"


def test_the_person_of_each_clip_is_followed_and_a_thing_is_not(data: Path, tmp_path: Path) -> None:
    # The clips are there already, so that nothing is rendered: the person walks to the right in all of them.
    renders = tmp_path / "renders"
    video = write_toy_video(tmp_path / "walk.mp4", seconds=1.0)
    where = [[40 + 40 * index / 25, 40, 64 + 40 * index / 25, 120] for index in range(25)]
    elsewhere = [[200.0, 150.0, 240.0, 200.0]] * 25
    plans = plan_training_clips(read_manifest(data / "studio"))
    renders.mkdir()
    for plan in plans:
        shutil.copy(video, renders / f"{plan.name}.mp4")
        boxes = elsewhere if plan.number == 0 else where
        rows = [json.dumps({"persons": [{"id": 1, "box": box}]}) for box in boxes]
        (renders / f"{plan.name}.jsonl").write_text("\n".join(rows) + "\n")
    factory = PerceiverFactory(load_bundle(build_tiny_bundle(tmp_path / "tiny")))
    tracks = list(studio_tracks(data, factory, renders))
    factory.close()
    assert [track["name"].split("#")[0] for track in tracks] == [plan.name for plan in plans[1:]]
    assert {(track["source"], *track["allowed"]) for track in tracks} == {("studio_tracks", "other")}
    assert all(track["frame_rate"] == pytest.approx(25, rel=0.01) and len(track["joints"]) >= 12 for track in tracks)
