"""Frames of a camera that are encoded for its recorder."""

import gc
from pathlib import Path

import numpy as np
import psutil

from edgeact.daemon.config import RecordConfig
from edgeact.daemon.frame_recording import FrameRecording
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.recorder import Recorder
from edgeact.types import Frame, Observation


def record(recorder: Recorder) -> tuple[int, int]:
    """Encode five pictures; the threads of the process meanwhile, and afterwards."""
    recording, process = FrameRecording(recorder, 5.0), psutil.Process()
    for index in range(5):
        picture = np.full((240, 320, 3), 10 * index, np.uint8)
        recording.write(Observation(Frame(index, index / 5, picture, captured=index / 5)), None)
    meanwhile = process.num_threads()
    recording.close()
    return meanwhile, process.num_threads()


def test_an_encoder_and_its_threads_are_gone_when_a_camera_ends(tmp_path: Path) -> None:
    recorder = Recorder("gate", MediaFolder(tmp_path), RecordConfig(), mode="events", ring_seconds=1)
    gc.collect()
    gc.disable()  # the daemon must not depend on when it runs: a camera may end and begin many times before
    try:
        _, usual = record(recorder)  # OpenCV's own threads begin with the first picture
        assert record(recorder)[0] > usual
        assert record(recorder)[1] == usual
    finally:
        gc.enable()
