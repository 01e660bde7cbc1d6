"""Actions in a COCO file: pictures or frames of videos, boxes, and what people do as an attribute or as the category.

``images`` may be pictures that lie beside the file, or frames of videos: with ``video_id`` and ``frame_index`` (or
``frame_id``) as in COCO-VID, or named ``frame_000012`` as CVAT names them. Who is who over the frames is said by
``track_id``, of the annotation or in its ``attributes``; where it is missing, boxes over the same place are one person.
"""

import re
from pathlib import Path
from typing import Any

from edgeact.capture.images import IMAGE_SUFFIXES
from edgeact.capture.inputs import media_in
from edgeact.errors import SourceFormatError
from trainer.data.annotated_video import NO_ACTION, clips_of_boxes, find_media, only_video
from trainer.data.class_folder import ClassFolder
from trainer.data.labelled_stretch import Box, LabelledBox
from trainer.data.sets.coco import box_of
from trainer.data.sets.files import read_json_file

_FRAME_NAME = re.compile(r"(\d+)$")
_FRAME_KEYS = ("frame_index", "frame_id", "frame_number")
_NOTE_OF_FOLDERS = "pictures with numbered people are read as videos of 25 pictures a second"


def is_coco(content: Any) -> bool:
    """Whether what a JSON file holds is a COCO file."""
    return isinstance(content, dict) and {"images", "annotations", "categories"} <= set(content)


def read_coco_actions(file: Path, *, attribute: str = "action") -> ClassFolder:
    """The stretches, and the pictures, in which people do something.

    Args:
        file: The JSON file.
        attribute: Of an annotation: names what the person does. Where no annotation has it, the category does.

    Raises:
        SourceNotFoundError: The file is missing.
        SourceFormatError: It is no COCO file, a video or picture is missing, a category is unknown; all faults are
            listed.
        UsageError: A label cannot be one.
    """
    content = read_json_file(file, "annotations in COCO's format")
    if not is_coco(content):
        raise SourceFormatError(f"{file} has no images, annotations and categories; export as COCO 1.0")
    faults: list[str] = []
    try:
        boxes = _boxes(content, file, attribute, faults)
    except (KeyError, TypeError, ValueError) as error:
        raise SourceFormatError(f"{file} is not as COCO files are ({error!r}); export it again") from error
    notes = [f"{file}: {_NOTE_OF_FOLDERS}"] if any(box.video.is_dir() for box in boxes) else []
    return clips_of_boxes(boxes, file.parent, list(dict.fromkeys(faults)), attribute, notes)


def _boxes(content: dict[str, Any], file: Path, attribute: str, faults: list[str]) -> list[LabelledBox]:
    categories = {row["id"]: str(row["name"]) for row in content["categories"]}
    images = {row["id"]: row for row in content["images"]}
    videos = {row["id"]: row for row in content.get("videos", [])}
    uses_attribute = any(attribute in _attributes(row) for row in content["annotations"])
    places: dict[Any, tuple[Path, int] | None] = {}
    found = []
    for row in content["annotations"]:
        if row.get("iscrowd", 0):
            continue
        if row["category_id"] not in categories:
            faults.append(
                f"annotation {row['id']} has the category {row['category_id']!r}, which {file.name} does not name"
            )
            continue
        if row["image_id"] not in images:
            faults.append(
                f"annotation {row['id']} is of the image {row['image_id']!r}, which {file.name} does not list"
            )
            continue
        said = _attributes(row).get(attribute) if uses_attribute else categories[row["category_id"]]
        label = "" if said is None else str(said).strip()
        if label.casefold() in NO_ACTION:
            continue
        image, track = images[row["image_id"]], row.get("track_id", _attributes(row).get("track_id"))
        key = (row["image_id"], track is None)
        if key not in places:
            places[key] = _place(image, videos, file, is_tracked=track is not None, faults=faults)
        place = places[key]
        if place is not None:
            box: Box = tuple(float(side) for side in box_of(row["bbox"]))  # type: ignore[assignment]
            found.append(LabelledBox(*place, label, box, None if track is None else str(track)))
    return found


def _attributes(row: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an annotation, also those that stand beside the usual keys."""
    return {**row, **(row.get("attributes") or {})}


def _place(
    image: dict[str, Any], videos: dict[Any, dict[str, Any]], file: Path, *, is_tracked: bool, faults: list[str]
) -> tuple[Path, int] | None:
    """The video or picture that an image is of, and its frame; None, and a fault, where it is missing."""
    name = str(image["file_name"])
    counted = _FRAME_NAME.search(Path(name).stem)
    frame = next((int(image[key]) for key in _FRAME_KEYS if key in image), int(counted[1]) if counted else None)
    if image.get("video_id") in videos:
        row = videos[image["video_id"]]
        video = find_media(file.parent, str(row.get("file_name") or row.get("name") or ""))
        if video is not None and frame is not None:
            return video, frame
    picture = find_media(file.parent, name)
    if picture is not None:
        if not is_tracked:
            return picture, 0
        return picture.parent, media_in(picture.parent, IMAGE_SUFFIXES).index(picture)
    video = only_video(file.parent)
    if video is not None and frame is not None and "video_id" not in image:
        return video, frame
    missing = videos[image["video_id"]].get("name", name) if image.get("video_id") in videos else name
    faults.append(f"{missing!r} is not there; put the video or the pictures that were labelled beside {file.name}")
    return None
