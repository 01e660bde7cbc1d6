"""Clips with known identities: what is written is what the measurement reads."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.capture.file import FileSource
from trainer.data.studio.scene import StudioFrame, StudioPerson
from trainer.data.studio.tracking_clips import SIZE, ClipPlan, plan_clips, write_clip
from trainer.data.studio.tracking_scripts import SCRIPTS, Stage
from trainer.measure.tracking.known import read_frames


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_sends_people_somewhere_within_the_clip(name: str) -> None:
    stage = Stage(slope=0.6)
    script = SCRIPTS[name](stage, np.random.default_rng(3))
    assert script == SCRIPTS[name](stage, np.random.default_rng(3))
    assert 3 <= len(script.walks) <= 16
    for walk in script.walks:
        assert len(walk.stops) >= 2
        assert all(z < -3.0 for _, z in (stop.place for stop in walk.stops))  # in front of the camera
    # Whoever is hidden or away is seen before: there is somebody to lose.
    seen = [walk for walk in script.walks if any(abs(x) <= 0.6 * -z for x, z in (stop.place for stop in walk.stops))]
    assert name == "crossing" or len(seen) >= 2


def test_the_halves_have_as_many_clips_of_each_script() -> None:
    plans = plan_clips(4)
    assert len({plan.name for plan in plans}) == len(plans) == 4 * len(SCRIPTS)
    for script in SCRIPTS:
        assert sorted(plan.half for plan in plans if plan.script == script) == [0, 0, 1, 1]
    assert ClipPlan("behind a column", 3).name == "behind_a_column_3"


def test_a_clip_and_its_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    box = np.array([10, 20, 60, 120], np.float32)
    joints = np.zeros((21, 3), np.float32)
    joints[:, :2], joints[0, :2], joints[:7, 2] = [30, 40], [5, 130], 1.0  # a hidden joint lies out of the box
    person = StudioPerson(box, joints, np.zeros((21, 3), np.float32), "walk", actor=4)
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    write_clip([StudioFrame(picture, (person,), 0.0), StudioFrame(picture, (), 0.04)], tmp_path / "one")
    with FileSource(tmp_path / "one.mp4") as source:
        times = [frame.time for frame in source.frames()]
    assert times == pytest.approx([0.0, 0.04])
    (known,), nobody = (frame or () for frame in read_frames(tmp_path / "one.jsonl"))
    assert nobody == ()
    assert known.identity == 5
    assert known.visible == pytest.approx(0.333)
    assert known.box.tolist() == box.tolist()
    assert known.whole.tolist() == [5, 20, 60, 130]
    assert not known.counts
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jsonl", "one.mp4"]
