"""Cut short videos, with two people in each, out of the demo clip, for tests that run the shipped bundles."""

from itertools import islice
from pathlib import Path

import cv2

from edgeact.capture.open import open_source

_DEMO = Path(__file__).parents[1] / "edgeact" / "assets" / "demo.mp4"
_FRAMES, _RATE = 12, 15.0


def write_demo_pieces(folder: Path, count: int) -> list[Path]:
    """Write ``count`` consecutive pieces of twelve frames at half size."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.avi" for number in range(count)]
    with open_source(_DEMO, every=2) as source:
        frames = source.frames()
        for path in paths:
            pictures = [cv2.resize(frame.image, None, fx=0.5, fy=0.5) for frame in islice(frames, _FRAMES)]
            height, width = pictures[0].shape[:2]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), _RATE, (width, height))
            for picture in pictures:
                writer.write(picture[..., ::-1])
            writer.release()
    return paths
