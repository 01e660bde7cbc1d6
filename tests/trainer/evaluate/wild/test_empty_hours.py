"""Footage without people, and what is counted in it."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.engine.engine import Engine
from edgeact.errors import SourceFormatError
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Frame
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from tests.trainer.evaluate.wild.wild_sets import write_wild_sets
from trainer.data.studio.clip_studio import write_clip
from trainer.data.studio.mannequins import plan_mannequins
from trainer.data.studio.scene import StudioFrame
from trainer.evaluate.wild.empty_hours import empty_table, measure_empty_hours, watch
from trainer.evaluate.wild.footage import FRAME_RATE, HEIGHT, WIDTH, EmptyClip, clip_frames, plan_footage


def test_sets_take_turns_and_a_picture_that_comes_again_is_seen_differently(tmp_path: Path) -> None:
    data = write_wild_sets(tmp_path)
    clips = plan_footage(data, 0.4)
    rows = [(clip.source, clip.path.name, clip.take) for clip in clips]
    lobby, nobody = ("backgrounds", "lobby_00.jpg"), ("coco_mini", "000000000011.jpg")
    assert rows == [(*lobby, 0), (*nobody, 0), (*lobby, 1), (*nobody, 1)]
    with pytest.raises(SourceFormatError, match="without people"):
        plan_footage(tmp_path / "nothing", 1)


@pytest.mark.parametrize("source", ["backgrounds", "panoramas"])
def test_footage_moves_slowly_and_is_the_same_each_time(tmp_path: Path, source: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (12, 24, 3), np.uint8)
    path = tmp_path / "place.png"
    cv2.imwrite(str(path), cv2.resize(noise, (256, 128), interpolation=cv2.INTER_CUBIC))
    clip = EmptyClip(source, path, 0)
    frames = list(clip_frames(clip, epoch=3, seconds=0.4))
    assert len(frames) == 6
    assert {frame.image.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}
    assert [frame.time for frame in frames] == pytest.approx([n / FRAME_RATE for n in range(6)])
    again = list(clip_frames(clip, epoch=3, seconds=0.4))
    assert all((a.image == b.image).all() for a, b in zip(frames, again, strict=True))
    other = next(clip_frames(EmptyClip(source, path, 1), epoch=3, seconds=0.4))
    assert (other.image != frames[0].image).any()
    steps = [np.abs(a.image.astype(int) - b.image).mean() for a, b in pairwise(frames)]
    assert 0 < max(steps) < np.abs(frames[0].image.astype(int) - other.image).mean()


def test_a_track_counts_when_it_lasts(tmp_path: Path) -> None:
    engine = Engine(load_bundle(build_tiny_bundle(tmp_path / "bundle")))
    perceiver = Perceiver(engine)

    def frames(seconds: float) -> Iterator[Frame]:
        for index in range(45):
            boxes = [(100, 40, 124, 120)] if index / 15 < seconds else []
            yield Frame(index, index / 15, tiny_picture(320, 240, boxes), epoch=round(10 * seconds))

    counts = [watch(perceiver, frames(seconds))[0] for seconds in (0.0, 3.0)]
    engine.close()
    assert counts == [0, 1]


def test_false_alarms_are_given_an_hour(tmp_path: Path) -> None:
    data = write_wild_sets(tmp_path / "data")
    # A bright upright rectangle is a person in the toy world; nothing of the kind belongs into an empty place.
    cv2.imwrite(str(data / "studio/backgrounds/lobby_00.jpg"), tiny_picture(320, 240, [(150, 60, 175, 150)]))
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    figures = measure_empty_hours(bundle, data, minutes=0.2, progress=lambda items, title: items)
    assert figures["minutes"] == pytest.approx(0.2)
    assert figures["sets"]["coco_mini"]["tracks"] == 0
    assert figures["sets"]["backgrounds"]["tracks"] >= 1
    assert figures["sets"]["all"]["tracks_an_hour"] == pytest.approx(figures["sets"]["all"]["tracks"] * 300)
    assert figures["alarms"][0]["picture"] == "backgrounds/lobby_00.jpg"
    assert [row[0] for row in empty_table(figures).rows] == ["all", "backgrounds", "coco_mini"]


def test_mannequins_have_a_row_of_their_own(tmp_path: Path) -> None:
    data, renders = write_wild_sets(tmp_path / "data"), tmp_path / "renders"
    # A take that was rendered before is kept: in it stands what the toy world takes for a person, and never moves.
    (plan,) = plan_mannequins(1)
    still = StudioFrame(tiny_picture(320, 240, [(150, 60, 175, 150)]), (), 0.0)
    video = renders / "mannequins" / f"{plan.name}.mp4"
    video.parent.mkdir(parents=True)
    write_clip([still] * 30, video, size=(320, 240), frame_rate=15)
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    figures = measure_empty_hours(
        bundle, data, minutes=0.1, progress=lambda items, title: items, renders=renders, mannequins=1
    )
    sets = figures["sets"]
    assert sets["mannequins"]["tracks"] == 1
    assert sets["mannequins"]["tracks_an_hour"] == pytest.approx(600)
    assert sets["all"]["tracks"] == sets["backgrounds"]["tracks"] == 0
    assert sets["all"]["hours"] == sets["backgrounds"]["hours"]
    assert not [alarm for alarm in figures["alarms"] if not alarm["events"]]  # to follow a mannequin is none
    rows = {row[0]: row[1:4] for row in empty_table(figures).rows}
    assert rows["mannequins"] == ("0.1", "1", "600.0")
