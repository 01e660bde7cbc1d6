"""The recorder of a camera, given the packets of a real video at times of the test's own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edgeact.daemon import recorder as recorder_module
from edgeact.daemon.config import RecordConfig, RecordMode
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.recorder import Recorder
from edgeact.media.encoded import EncodedPacket
from tests.edgeact.media.test_encoded import packets_of
from tests.servers.patience import wait_until
from tests.toy_video import decoded_times, write_toy_video

RATE = 10  # pictures a second; a keyframe every half second


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[EncodedPacket]:
    options = {"preset": "ultrafast", "g": "5", "sc_threshold": "0"}
    return packets_of(write_toy_video(tmp_path_factory.mktemp("v") / "a.mp4", seconds=4, rate=RATE, options=options))


class Camera:
    """Gives a recorder packets as if they came at ten a second, but without waiting."""

    def __init__(self, recorder: Recorder, packets: list[EncodedPacket]) -> None:
        self.recorder, self.packets, self.given = recorder, packets, 0
        self.began = time.monotonic()

    def moment(self, index: int) -> float:
        return self.began + index / RATE

    def give(self, count: int) -> None:
        for packet in self.packets[self.given : self.given + count]:
            self.recorder.put(replace(packet, arrived=self.moment(self.given)))
            self.given += 1
        wait_until(lambda: not self.recorder._queue.has_item)
        time.sleep(0.02)


@contextmanager
def recording(
    folder: Path, packets: list[EncodedPacket], mode: RecordMode = "events", **settings: float
) -> Iterator[Camera]:
    recorder = Recorder("gate", MediaFolder(folder), RecordConfig(**settings), mode=mode, ring_seconds=4)
    recorder.start()
    try:
        yield Camera(recorder, packets)
    finally:
        recorder.close()


def length(path: Path) -> int:
    return len(decoded_times(path))


def test_a_clip_begins_with_the_keyframe_before_it_should_and_ends_some_time_after_its_event(
    tmp_path: Path, packets: list[EncodedPacket]
) -> None:
    with recording(tmp_path, packets, before_seconds=1, after_seconds=0) as camera:
        camera.give(25)
        name = camera.recorder.clip_of("A", camera.moment(22))  # from picture 12 on: the keyframe is picture 10
        assert name == "clips/A.mp4"
        camera.give(5)
        camera.recorder.release("A")
        camera.began -= 100  # what comes now arrives, as its times say, before the event's end
        camera.give(1)
        camera.began += 200
        camera.give(9)
    assert length(tmp_path / name) == 22  # pictures 10 to 30, and the one that shows that the time is over
    assert not (tmp_path / "recordings").exists()


def test_events_that_overlap_share_a_clip_and_the_last_one_ends_it(
    tmp_path: Path, packets: list[EncodedPacket]
) -> None:
    with recording(tmp_path, packets, before_seconds=0, after_seconds=0) as camera:
        camera.give(10)
        first = camera.recorder.clip_of("A", camera.moment(9))
        camera.recorder.release("A")
        assert camera.recorder.clip_of("B", camera.moment(9)) == first
        camera.began += 100
        camera.give(10)
        assert camera.recorder._folder.is_written(tmp_path / str(first))
        camera.recorder.release("B")
        camera.give(1)
        assert not camera.recorder._folder.is_written(tmp_path / str(first))
        camera.give(9)
        assert camera.recorder.clip_of("C", camera.moment(29)) == "clips/C.mp4"
    assert length(tmp_path / str(first)) == 16


def test_an_event_that_lasts_has_a_clip_of_its_beginning(
    tmp_path: Path, packets: list[EncodedPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "LONGEST_CLIP_SECONDS", 1.0)
    with recording(tmp_path, packets, before_seconds=0) as camera:
        camera.give(1)
        name = camera.recorder.clip_of("A", camera.moment(0))
        camera.give(39)
    assert length(tmp_path / str(name)) == 11


def test_a_continuous_recording_has_parts_that_begin_with_keyframes_and_miss_nothing(
    tmp_path: Path, packets: list[EncodedPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(tmp_path, packets, "continuous", segment_seconds=5) as camera:
        # RecordConfig allows no shorter parts.
        monkeypatch.setattr(camera.recorder, "_config", RecordConfig().model_copy(update={"segment_seconds": 1.0}))
        camera.began -= 60.0  # what comes later than now counts as now, and two parts of one moment have one name
        camera.give(40)
    parts = sorted((tmp_path / "recordings" / "gate").rglob("*.mp4"))
    assert [length(part) for part in parts] == [15, 15, 10]


def test_what_is_lost_is_lost_up_to_the_next_keyframe_and_told(
    tmp_path: Path, packets: list[EncodedPacket], caplog: pytest.LogCaptureFixture
) -> None:
    with recording(tmp_path, packets, "continuous") as camera:
        camera.give(12)
        camera.given, camera.recorder._number = 13, 13  # one packet had no place in the queue
        camera.give(10)
    (part,) = (tmp_path / "recordings").rglob("*.mp4")
    assert "the disk is too slow" in caplog.text
    assert length(part) == 12 + 8  # without the lost one and the two that need it


def test_a_disk_that_takes_nothing_costs_the_clip_and_recording_goes_on_when_it_takes_again(
    tmp_path: Path, packets: list[EncodedPacket], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "clips").write_text("in the way")
    with recording(tmp_path, packets) as camera:
        camera.give(10)
        assert camera.recorder.clip_of("A", camera.moment(5)) is None
        assert "check the disk" in caplog.text
        (tmp_path / "clips").unlink()
        monkeypatch.setattr(recorder_module, "_RETRY_SECONDS", 0.0)
        name = camera.recorder.clip_of("A", camera.moment(5))
    assert length(tmp_path / str(name)) == 10


def test_without_a_keyframe_there_is_no_clip(tmp_path: Path, packets: list[EncodedPacket]) -> None:
    with recording(tmp_path, packets[1:5]) as camera:
        camera.give(4)
        assert camera.recorder.clip_of("A", camera.moment(3)) is None


def test_an_event_waits_for_the_packets_of_its_picture(tmp_path: Path, packets: list[EncodedPacket]) -> None:
    recorder = Recorder("gate", MediaFolder(tmp_path), RecordConfig(), mode="events", ring_seconds=4)
    begun = time.monotonic()
    for packet in packets[:3]:  # the first pictures of a connection
        recorder.put(replace(packet, arrived=begun))
    late = threading.Timer(0.1, recorder.start)  # as its thread is on a busy machine
    late.start()
    clip = recorder.clip_of("01EVENT", begun)
    late.join()
    recorder.close()
    assert clip == "clips/01EVENT.mp4"
    assert length(tmp_path / clip) == 3
