"""Renderers of one process do not disturb each other."""

import gc

import moderngl
import numpy as np
import pytest

from tests.skip_gate import NO_EGL
from trainer.data.studio.camera import Camera
from trainer.data.studio.column import make_column
from trainer.data.studio.light import plain_light
from trainer.data.studio.render import Figure, Placed, Renderer

SIZE = (32, 24)
CAMERA = Camera((0.0, 1.0, 0.0), 0.0, 0.0, 1.0)
COLUMN = make_column(np.full((8, 8, 3), 200, np.uint8), position=(0.0, -3.0), width=1.0, height=2.0)


def new_renderer() -> Renderer:
    try:
        return Renderer(SIZE)
    except (RuntimeError, OSError, moderngl.Error):
        pytest.skip(NO_EGL)


def draw(renderer: Renderer, figure: Figure) -> np.ndarray:
    place = np.eye(4, dtype=np.float32)
    place[[0, 2], 3] = COLUMN.position
    light = plain_light(direction=(0, 1, 0), directness=0.3)
    return renderer.draw([Placed(figure, place[None])], CAMERA, light).coverage


def test_a_figure_that_outlives_its_renderer_takes_nothing_from_the_next_one() -> None:
    with new_renderer() as first:
        old = first.figure(COLUMN.body, COLUMN.surface)
        shown = draw(first, old)
    assert shown.any()
    with new_renderer() as second:
        figure = second.figure(COLUMN.body, COLUMN.surface)
        del old, first
        gc.collect()
        assert (draw(second, figure) == shown).all()
