"""Annotations of people in COCO's layout, as pycocotools evaluates them."""

import contextlib
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pycocotools.coco import COCO


def coco_index(pictures: Iterable[int], annotations: Sequence[dict[str, Any]]) -> "COCO":
    """Index annotations of the single category "person", which has the id 1.

    Args:
        pictures: Number of each picture.
        annotations: As COCO has them, but without ``id``, ``category_id``, which are added, from 1.
    """
    from pycocotools.coco import COCO

    index = COCO()
    index.dataset = {
        "images": [{"id": picture} for picture in pictures],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"id": number, "category_id": 1, **row} for number, row in enumerate(annotations, 1)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        index.createIndex()
    return index
