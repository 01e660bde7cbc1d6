import shutil
from collections import namedtuple
from pathlib import Path

import av
import numpy as np
import pytest

from desktop_ui.keeping.recording_sink import RecordingSink
from desktop_ui.model.recording import Recording
from edgeact.bundle.load import load_bundle
from edgeact.types import Frame, Observation


def observation(index: int, *, epoch: int = 0) -> Observation:
    image = np.full((48, 64, 3), 10 * index % 250, np.uint8)
    return Observation(Frame(index, index / 10, image, epoch=epoch, source="camera"))


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def sink(recording: Recording, tiny_bundle: Path) -> RecordingSink:
    return RecordingSink(recording, "Gate / 2", load_bundle(tiny_bundle).plan, None, lambda seen: seen)


def frames_of(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [round(float(frame.time or 0), 2) for frame in container.decode(video=0)]


def test_frames_are_recorded_from_the_wish_to_its_end(
    sink: RecordingSink, recording: Recording, tmp_path: Path
) -> None:
    for index in range(15):
        if index == 3:
            recording.start(tmp_path / "recordings", with_overlay=False)
        if index == 9:
            recording.stop()
        sink.write(observation(index), None)
    (path,) = recording.files
    assert path.name.startswith("Gate-2-")
    assert len(frames_of(path)) == 6


def test_a_new_connection_and_another_way_begin_new_files_that_both_play(
    sink: RecordingSink, recording: Recording, tmp_path: Path
) -> None:
    recording.start(tmp_path, with_overlay=False)
    for index in range(4):
        sink.write(observation(index), None)
    for index in range(4):
        sink.write(observation(index, epoch=1), None)
    recording.start(tmp_path, with_overlay=True)
    sink.write(observation(5, epoch=1), None)
    sink.close()
    assert [path.stem.endswith("-drawn") for path in recording.files] == [True]
    assert sorted(len(frames_of(path)) for path in tmp_path.glob("*.mp4")) == [1, 4, 4]


def test_what_is_on_the_disk_plays_before_the_file_is_completed(
    sink: RecordingSink, recording: Recording, tmp_path: Path
) -> None:
    recording.start(tmp_path, with_overlay=False)
    for index in range(60):
        sink.write(observation(index), None)
    (path,) = recording.files
    copy = Path(shutil.copy(path, tmp_path / "as_after_a_power_cut.mp4"))
    assert len(frames_of(copy)) >= 20
    sink.close()


def test_a_disk_that_is_almost_full_ends_the_recording_with_a_message(
    sink: RecordingSink, recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**8))
    recording.start(tmp_path, with_overlay=False)
    sink.write(observation(0), None)
    assert recording.wish is None
    fault = recording.take_fault()
    assert fault is not None
    assert "0.1 GB are free" in fault
    assert "choose another folder" in fault
    assert recording.take_fault() is None
    assert list(tmp_path.iterdir()) == []
