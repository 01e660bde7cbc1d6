from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.acting import Acting
from edgeact.perception.calls import Answers, GraphCall
from edgeact.perception.pace import Pace
from edgeact.perception.schedule import DetectionSchedule
from edgeact.perception.stages import Stages
from edgeact.perception.tracking.step import TrackStep
from edgeact.types import Frame
from tests.tiny_bundle import tiny_picture
from tests.tiny_readers import build_side_bundle
from tests.toy_video import one_walker


def due(schedule: DetectionSchedule, first: int, count: int) -> int:
    """On how many of frames, 25 a second, the detector runs by the clock."""
    return sum(schedule.is_due(index / 25, is_new=False) for index in range(first, first + count))


def test_the_detector_runs_more_rarely_and_as_before_when_there_is_time_again() -> None:
    pace = Pace()
    schedule = DetectionSchedule(PipelineConfig(detect_every=10, detect_every_seconds=60.0), pace)
    assert due(schedule, 0, 200) == 20
    pace.detect_factor = 2.0
    assert due(schedule, 200, 200) == 10
    pace.detect_factor = 1.0
    assert due(schedule, 400, 200) == 20


def test_clips_are_judged_more_rarely(tmp_path: Path) -> None:
    row = {"actions": np.array([1, 0, 0], np.float32), "sam": np.zeros((6, 8), np.float32)}
    row["human_map"] = row["sam"]
    pace, calls = Pace(), [0, 0]
    with Engine(load_bundle(build_side_bundle(tmp_path / "side"))) as engine:
        stream = Stages(engine).open_stream(PipelineConfig(), pace=pace)
        for second in range(4):
            pace.clip_factor = 1.0 if second < 2 else 2.0
            for index in range(20):
                frame = Frame(20 * second + index, second + index / 20, np.zeros((48, 64, 3), np.uint8))
                asked = stream.acting.expect(frame, TrackStep((), ()), is_new=False)
                calls[second // 2] += len(asked)
                stream.acting.answer(Answers([row] * len(asked), {}))
                stream.acting.conclude(Answers([], {}))
    assert calls == [10, 5]


def test_attention_is_not_computed_until_there_is_time(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pace, explained = Pace(explains=False), []
    answer = Acting.answer

    def noting(acting: Acting, answers: Answers) -> list[GraphCall]:
        explained.append(len(calls := answer(acting, answers)))
        return calls

    monkeypatch.setattr(Acting, "answer", noting)
    with Engine(load_bundle(tiny_bundle)) as engine:
        stages = Stages(engine)
        stream = stages.open_stream(PipelineConfig(), pace=pace)
        for index in range(40):
            pace.explains = index >= 34  # from the eighth frame on the person is judged
            frame = Frame(index, index / 15, tiny_picture(320, 240, one_walker(index / 15)))
            (looked,) = stages.detect([(stream, frame)])
            (followed,) = stages.track([(stream, looked)])
            stages.act([(stream, followed)])
    assert sum(explained[:34]) == 0
    assert sum(explained[34:]) >= 1
