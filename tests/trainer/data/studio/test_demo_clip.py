"""The demo clip: the motions repeat without a jump, and the studio renders the people whom it labels."""

from dataclasses import replace
from pathlib import Path

import moderngl
import numpy as np
import pytest

from tests.skip_gate import NO_EGL
from trainer.data.studio.demo_clip import SHOTS, SIZE, credits_text, render_shot, repeated
from trainer.data.studio.motion import Motion
from trainer.data.studio.render import Renderer


def test_a_repeated_motion_goes_on_from_where_it_was() -> None:
    hips = np.stack([np.arange(10) * 0.1, 1 + 0.01 * np.arange(10), np.zeros(10)], 1)
    motion = Motion("step", "walk", np.zeros((10, 19, 4)), hips, ("hip",) * 19, 30.0)
    longer = repeated(motion, seconds=1.0)
    assert len(longer.hips) >= 30
    assert longer.hips[10, 0] == pytest.approx(hips[-1, 0])
    assert longer.hips[:, 1].max() == pytest.approx(hips[:, 1].max())  # it does not climb


@pytest.fixture
def renderer() -> Renderer:
    try:
        return Renderer(SIZE)
    except (RuntimeError, OSError, moderngl.Error):
        pytest.skip(NO_EGL)


@pytest.mark.data
def test_people_appear_and_move(shared_folder: Path, renderer: Renderer) -> None:
    with renderer:
        shot = replace(SHOTS[0], seconds=0.2)
        images = list(render_shot(shared_folder / "data" / "studio", shot, renderer))
    assert len(images) == 5
    assert images[0].shape == (SIZE[1], SIZE[0], 3)
    changed = np.abs(images[0].astype(int) - images[-1]).max(-1) > 30
    assert 0.001 < changed.mean() < 0.2  # the people; the place stands still


@pytest.mark.data
def test_credits_name_every_source(shared_folder: Path) -> None:
    text = credits_text(shared_folder / "data" / "studio", SHOTS)
    for word in ("Rocketbox", "MIT", "Poly Haven", "CC0", "CMU", "Quaternius", "Mesh2Motion"):
        assert word in text
