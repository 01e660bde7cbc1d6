"""People of a user's clips: found at an even rate, kept, and looked at again where a clip has changed."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import Bundle, load_bundle
from edgeact.errors import BackendError, UsageError
from tests.tiny_bundle import build_tiny_bundle, change_graph, make_exploding
from tests.toy_video import write_toy_video
from trainer.data.class_folder import ClassClip
from trainer.data.class_people import FoundPeople, find_people


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(build_tiny_bundle(tmp_path / "bundle"))


def look(folder: Path, bundle: Bundle) -> FoundPeople:
    clip = ClassClip(folder / "walk.mp4", "walk", "anna", still=False)
    return find_people([clip], bundle, folder / "kept", people=1, progress=lambda clips, _: clips)


def test_a_walker_is_found_fifteen_times_a_second_and_kept(tmp_path: Path, bundle: Bundle) -> None:
    path = write_toy_video(tmp_path / "walk.mp4", seconds=1.2, size=(160, 144), rate=30)
    (sequence,) = look(tmp_path, bundle).sequences
    assert (sequence.source, sequence.allowed, sequence.frame_rate) == ("anna", ("walk",), 15)
    assert 14 <= len(sequence.joints) <= 18
    steps = np.diff(sequence.joints[:, 7, 0])  # the left hip walks 40 pixels a second
    assert steps == pytest.approx(np.full(len(steps), 40 / 15), abs=1.5)
    (kept,) = (tmp_path / "kept").glob("*.json")
    kept.write_text(json.dumps([np.full((20, 13, 3), 7.0).tolist()]))
    assert (look(tmp_path, bundle).sequences[0].joints == 7).all()
    os.utime(path, (1, 1))
    assert not (look(tmp_path, bundle).sequences[0].joints == 7).any()


def test_a_bundle_that_finds_nobody_is_refused(tmp_path: Path, bundle: Bundle) -> None:
    with pytest.raises(UsageError, match="looks at no single persons"):
        look(tmp_path, replace(bundle, plan=replace(bundle.plan, persons=None)))


def test_a_network_that_fails_is_no_fault_of_the_clip(tmp_path: Path, bundle: Bundle) -> None:
    write_toy_video(tmp_path / "walk.mp4", seconds=0.4, size=(160, 144), rate=30)
    change_graph(bundle.directory, "pose", make_exploding)
    with pytest.raises(BackendError):
        look(tmp_path, load_bundle(bundle.directory))
