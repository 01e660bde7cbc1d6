"""Rendered clips: what is written is what the measurements read."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.capture.file import FileSource
from trainer.data.known_people import read_frames
from trainer.data.studio.clip_studio import write_clip
from trainer.data.studio.scene import StudioFrame, StudioPerson


def test_a_clip_and_its_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    box = np.array([10, 20, 60, 120], np.float32)
    joints = np.zeros((21, 3), np.float32)
    joints[:, :2], joints[0, :2], joints[:7, 2] = [30, 40], [5, 130], 1.0  # a hidden joint lies out of the box
    shown = np.zeros((120, 160), bool)
    person = StudioPerson(box, joints, np.zeros((21, 3), np.float32), "walk", actor=4, mask=shown)
    picture = np.full((120, 160, 3), 90, np.uint8)
    frames = [StudioFrame(picture, (person,), 0.0), StudioFrame(picture, (), 0.04)]
    write_clip(frames, tmp_path / "one.mp4", size=(160, 120), frame_rate=25)
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
