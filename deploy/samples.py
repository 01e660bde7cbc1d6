"""Real pictures to compare PyTorch and ONNX Runtime on: frames of the demo clip that ships with edgeact."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

import edgeact
from edgeact.capture.open import open_source
from edgeact.geometry import letterbox
from edgeact.types import UInt8

_FRAMES = 32
_STEP = 4  # pictures that are farther apart differ more


def demo_pictures(count: int, *, height: int, width: int) -> torch.Tensor:
    """``(count, height, width, 3)`` uint8 RGB: frames of the demo clip, scaled to fit."""
    frames = _demo_frames()
    chosen = [frames[_STEP * index % len(frames)] for index in range(count)]
    return torch.from_numpy(np.stack([letterbox(frame, width=width, height=height) for frame in chosen]))


def demo_clips(count: int, *, length: int, height: int, width: int) -> torch.Tensor:
    """``(count, length, height, width, 3)`` uint8 RGB: clips of the demo clip's frames, which begin at different
    frames.
    """
    frames = [letterbox(frame, width=width, height=height) for frame in _demo_frames()]
    clips = [[frames[(_STEP * index + step) % len(frames)] for step in range(length)] for index in range(count)]
    return torch.from_numpy(np.stack([np.stack(clip) for clip in clips]))


@lru_cache(maxsize=1)
def _demo_frames() -> tuple[UInt8, ...]:
    """The first frames of the demo clip."""
    found: list[UInt8] = []
    with open_source(Path(edgeact.__file__).parent / "assets" / "demo.mp4") as source:
        for frame in source.frames():
            found.append(frame.image)
            if len(found) == _FRAMES:
                break
    return tuple(found)
