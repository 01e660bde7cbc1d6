"""What the tests of several layouts write."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from edgeact.capture.open import open_source
from tests.toy_video import write_toy_video
from trainer.data.read_picture import read_rgb
from trainer.data.sample import FrameFiles, Picture, Sample, Video


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def voc(*things: tuple[str, str]) -> str:
    """An annotation in the manner of Pascal VOC with one box for each name: xmin, ymin, xmax, ymax."""
    objects = ""
    for name, corners in things:
        tags = zip(("xmin", "ymin", "xmax", "ymax"), corners.split(), strict=True)
        box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
        objects += f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"
    return f"<annotation>{objects}</annotation>"


def write_stanford40(root: Path, action: str, part: str, photos: Mapping[str, np.ndarray], box: str) -> None:
    """Write photos of one action and part (``train`` or ``test``) in the official layout, the actor's box in each.

    Args:
        root: Folder of the set.
        action: What all photos show.
        part: The list that names them.
        photos: ``(H, W, 3)`` uint8 by file name (``.jpg``).
        box: xmin, ymin, xmax, ymax with spaces between.
    """
    write(root / "ImageSplits" / f"{action}_{part}.txt", "\n".join(photos))
    (root / "JPEGImages").mkdir(parents=True, exist_ok=True)
    for name, photo in photos.items():
        cv2.imwrite(str(root / "JPEGImages" / name), photo)
        write(root / "XMLAnnotations" / name.replace("jpg", "xml"), voc(("person", box)))


CLIP = [(24, 32, 3)] * 5  # what `write_clip` writes, as `pixels_of` gives it
PICTURE = [(24, 32, 3)]


def write_clip(path: Path) -> None:
    """Write five frames of 32×24 pixels; as ``.avi`` in MPEG-4 (XviD), as UCF101 and HMDB51 come."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".avi":
        write_toy_video(path, seconds=0.2, size=(32, 24))
        return
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"XVID"), 25, (32, 24))
    for brightness in range(0, 250, 50):
        writer.write(np.full((24, 32, 3), brightness, np.uint8))
    writer.release()


def write_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((24, 32, 3), 90, np.uint8))


def pixels_of(sample: Sample) -> list[tuple[int, ...]]:
    """Shapes of the frames of a sample, each decoded from its file."""
    match sample.media:
        case Picture(path):
            return [read_rgb(path).shape]
        case FrameFiles(paths):
            return [read_rgb(path).shape for path in paths]
        case Video(path):
            with open_source(path) as source:
                return [frame.image.shape for frame in source.frames()]
    return []
