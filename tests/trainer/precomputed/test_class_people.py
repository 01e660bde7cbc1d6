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
from tests.toy_video import Boxes, write_toy_video
from trainer.data.class_folder import ClassClip
from trainer.data.labelled_stretch import Box, Stretch
from trainer.precomputed.class_people import FoundPeople, find_people, spans_of


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
    sevens = {
        "frames": [*range(20)],
        "boxes": np.full((20, 4), 7.0).tolist(),
        "joints": np.full((20, 13, 3), 7.0).tolist(),
    }
    kept.write_text(json.dumps([sevens]))
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


def two_walkers(time: float) -> Boxes:
    """One to the right, and a larger one who stands."""
    return [(20 + 40 * time, 50, 44 + 40 * time, 120), (128, 20, 156, 130)]


def stretch(folder: Path, first: int, last: int, box: Box, end: Box) -> ClassClip:
    part = Stretch(first, last, ((first, box), (last, end)), "track 1")
    return ClassClip(folder / "walk.mp4", "walk", "anna", still=False, part=part)


def test_of_a_labelled_stretch_the_person_in_the_box_is_taken_and_its_frames_only(
    tmp_path: Path, bundle: Bundle
) -> None:
    write_toy_video(tmp_path / "walk.mp4", seconds=2.0, size=(160, 144), rate=15, boxes=two_walkers)
    walks = stretch(tmp_path, 6, 17, (36, 50, 60, 120), (65, 50, 89, 120))
    nobody_there = stretch(tmp_path, 20, 27, (0, 0, 10, 10), (0, 0, 10, 10))
    found = find_people([walks, nobody_there], bundle, tmp_path / "kept", people=3, progress=lambda files, _: files)
    (sequence,) = found.sequences
    assert sequence.name == f"{walks.name}#0"
    assert 8 <= len(sequence.joints) <= 12
    assert np.diff(sequence.joints[:, 7, 0]) == pytest.approx(np.full(len(sequence.joints) - 1, 40 / 15), abs=1.5)
    assert found.empty == (nobody_there.name,)
    assert sequence.lead == 0
    after = find_people([replace(walks, lead=12)], bundle, tmp_path / "kept", people=3, progress=lambda files, _: files)
    assert 4 <= after.sequences[0].lead <= 6  # of its frames 6 to 17 those before 12


def test_labels_beyond_the_end_of_a_video_are_a_fault_of_the_file(tmp_path: Path, bundle: Bundle) -> None:
    write_toy_video(tmp_path / "walk.mp4", seconds=0.4, size=(160, 144), rate=15)
    late = stretch(tmp_path, 3, 40, (40, 40, 64, 120), (40, 40, 64, 120))
    found = find_people([late], bundle, tmp_path / "kept", people=1, progress=lambda files, _: files)
    assert "speak of frame 40, but it has 6 frames; put the file that was labelled there" in found.unreadable[0]
    assert spans_of([stretch(tmp_path, *span, (0, 0, 1, 1), (0, 0, 1, 1)) for span in ((9, 12), (2, 4), (3, 8))]) == (
        (2, 12),
    )
