"""Feature maps of a frozen backbone, computed once and kept on disk, so that a head on them trains in minutes.

The maps are those of the very picture that a graph is given at run time: a person's crop, or a whole frame.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeact.atomic import prepare_partial, publish
from edgeact.geometry import letterbox, person_crop_matrix, warp
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import PERSON_PADDING, View
from trainer.data.read_picture import read_rgb
from trainer.layers.pixels import to_range

_BATCH = 8


def view_of(sample: LabelledSample, view: View, side: int) -> np.ndarray:
    """Cut out the square that a graph of persons, or of scenes, is given of a picture: ``(side, side, 3)`` uint8 RGB.

    Raises:
        ValueError: A person is wanted, and nobody is boxed.
    """
    image = read_rgb(sample.path)
    if view == "frame":
        return letterbox(image, width=side, height=side)
    if sample.box is None:
        raise ValueError(f"{sample.path} has no box; give a set with a box for each picture")
    matrix = person_crop_matrix(sample.box, width=side, height=side, padding=PERSON_PADDING)
    return warp(image, matrix, width=side, height=side)


def frozen_maps(
    backbone: nn.Module,
    samples: Sequence[LabelledSample],
    view: View,
    side: int,
    kept: Path,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> np.ndarray:
    """Compute a backbone's last feature maps ``(N, C, h, w)`` float16, or read them from disk if they are there.

    Args:
        backbone: In evaluation mode, with a ``pixel_range``; its weights decide which file on disk is the right one.
        samples: In the order of the maps.
        view: Of the whole picture or of the boxed person.
        side: Of the squares.
        kept: Folder of what was computed before.
        progress: Gives the batches one after the other and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: A picture is missing or damaged.
        OutputError: The folder cannot be written to.
    """
    pictures = MapPictures(view, samples, lambda row: view_of(samples[row], view, side))
    return kept_maps(backbone, pictures, side, kept, progress=progress)


@dataclass(frozen=True, slots=True, eq=False)
class MapPictures:
    """Squares that a backbone is to look at.

    Attributes:
        name: Of the way in which they are made of the samples; part of the file's name.
        samples: One each, in order.
        picture: The square of a row: ``(side, side, 3)`` uint8 RGB.
    """

    name: str
    samples: Sequence[LabelledSample]
    picture: Callable[[int], np.ndarray]


def kept_maps(
    backbone: nn.Module,
    pictures: MapPictures,
    side: int,
    kept: Path,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> np.ndarray:
    """Compute the feature maps of square pictures with a frozen backbone, or load those that were computed before.

    `frozen_maps` calls this with the squares of `view_of`; here the caller says how each square is cut.

    Raises:
        SourceNotFoundError, SourceFormatError: A picture is missing or damaged.
        OutputError: The folder cannot be written to.
    """
    count = len(pictures.samples)
    path = kept / f"{pictures.name}_{side}_{_identity(backbone, pictures.samples)}.npy"
    if path.is_file():
        return np.load(path, mmap_mode="r")
    kept.mkdir(parents=True, exist_ok=True)
    partial, maps = prepare_partial(path), None
    starts = range(0, count, _BATCH)
    with torch.no_grad():
        for start in progress(starts, f"features: {pictures.name}"):
            rows = range(start, min(start + _BATCH, count))
            squares = np.stack([pictures.picture(row) for row in rows])
            found = backbone(to_range(torch.from_numpy(squares), backbone.pixel_range)).half().numpy()
            if maps is None:
                maps = np.lib.format.open_memmap(partial, "w+", np.float16, (count, *found.shape[1:]))
            maps[start : start + len(found)] = found
    assert maps is not None
    maps.flush()
    publish(path)
    return np.load(path, mmap_mode="r")


def _identity(backbone: nn.Module, samples: Sequence[LabelledSample]) -> str:
    """Hash of the backbone's weights and of the samples' names and boxes, which names the file on disk."""
    digest = hashlib.sha256()
    for name, value in sorted(backbone.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    for sample in samples:
        box = None if sample.box is None else [round(float(edge), 2) for edge in sample.box]
        digest.update(repr((sample.path.name, box)).encode())
    return digest.hexdigest()[:16]
