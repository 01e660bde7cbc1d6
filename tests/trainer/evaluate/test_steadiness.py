"""Jumps of boxes are counted, found and drawn."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from trainer.evaluate.steadiness import Steadiness, is_jump, measure_steadiness, steadiness_table

BOX = np.array([100, 50, 140, 150], np.float32)


@pytest.mark.parametrize(
    ("change", "jumps"),
    [((7, 0, 7, 0), False), ((9, 0, 9, 0), True), ((0, 21, 0, 21), True), ((0, 0, 9, 0), True), ((0, 0, 0, 19), False)],
)
def test_a_step_of_a_fifth_of_a_side_is_a_jump(change: tuple[int, int, int, int], jumps: bool) -> None:
    assert is_jump(BOX, BOX + np.float32(change)) is jumps


def test_somebody_who_walks_does_not_jump(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    counted = measure_steadiness(bundle, write_toy_video(tmp_path / "walk.mp4"))
    assert counted.steps == 24
    assert counted.detector_steps >= 2
    assert counted.found == counted.drawn == 0
    (row,) = steadiness_table({"walk.mp4": counted}).rows
    assert row[:4] == ("walk.mp4", f"24 ({counted.detector_steps})", "0 (0)", "0 (0)")


def test_counts_of_several_clips_are_summed() -> None:
    clips = {"a": Steadiness(100, 10, 4, 3, 2, 1, 200.0), "b": Steadiness(300, 30, 1, 0, 1, 0, 100.0)}
    assert steadiness_table(clips).rows[-1] == ("all", "400 (40)", "5 (3)", "3 (1)", "125")
