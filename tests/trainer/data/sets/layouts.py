"""What the tests of several layouts write."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from tests.toy_video import write_toy_video


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


def write_clip(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_toy_video(path, seconds=0.2, size=(32, 24))
