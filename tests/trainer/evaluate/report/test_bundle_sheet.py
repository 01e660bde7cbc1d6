"""A sheet of one moment as several bundles see it."""

from pathlib import Path

import cv2
import pytest

from edgeact.errors import SourceFormatError
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from trainer.evaluate.report.bundle_sheet import LARGEST_FILE, draw_bundle_sheet


def test_each_bundle_has_its_picture(tmp_path: Path) -> None:
    bundle = build_tiny_bundle(tmp_path / "bundle")
    clip = tmp_path / "clip.mp4"
    write_toy_video(clip, seconds=1.0)
    out = tmp_path / "sheet.jpg"
    draw_bundle_sheet([bundle, bundle, bundle], clip, out, at=0.5, progress=lambda items, _: items)
    sheet = cv2.imread(str(out))
    height = round(400 * 96 / 128) + 42
    assert sheet.shape == (2 * height, 2 * 400, 3)
    plain, first, second = sheet[: height - 42, :400], sheet[: height - 42, 400:], sheet[height:-42, :400]
    assert plain.std() > 5
    assert abs(plain.astype(int) - first).mean() > 0.5  # people are drawn into it
    assert abs(first.astype(int) - second).mean() < 2  # the same bundle twice
    assert sheet[height - 42 : height, :400].max() > 150  # it is written below what is seen
    assert out.stat().st_size <= LARGEST_FILE


def test_a_clip_that_ends_before_is_refused(tmp_path: Path) -> None:
    bundle = build_tiny_bundle(tmp_path / "bundle")
    write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    with pytest.raises(SourceFormatError, match=r"ends before 9 s; give an earlier --at"):
        draw_bundle_sheet([bundle], tmp_path / "clip.mp4", tmp_path / "s.jpg", at=9.0, progress=lambda items, _: items)
