"""Actions that were labelled with CVAT: exports "CVAT for video 1.1" and "CVAT for images 1.1".

Both are an ``annotations.xml``; the videos or pictures lie beside it. What a person does is an attribute of the box
(``action``) or, where no box has such an attribute, the label itself. In the video format a track has boxes of frames
until one that is ``outside``; frames between two boxes are those of CVAT's straight lines. Frame numbers are those of
the original video.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from edgeact.errors import SourceFormatError
from trainer.data.annotated_video import NO_ACTION, clips_of_boxes, find_media, only_video
from trainer.data.class_folder import ClassFolder
from trainer.data.labelled_stretch import Box, LabelledBox
from trainer.data.sets.files import read_xml

_SIDES = ("xtl", "ytl", "xbr", "ybr")
_FRAME_NAME = re.compile(r"frame_(\d+)$")  # the name of a video's frame in the format for images


@dataclass(frozen=True, slots=True)
class _Declared:
    """What an export says of its labels: those of boxes, and values of the attribute; None where anything goes."""

    labels: frozenset[str]
    values: frozenset[str] | None


def read_cvat(file: Path, *, attribute: str = "action") -> ClassFolder:
    """The stretches in which people do something.

    Args:
        file: ``annotations.xml``.
        attribute: Of a box: names what the person does.

    Raises:
        SourceNotFoundError: The file is missing.
        SourceFormatError: It is no export of CVAT, a video or picture is missing, a label or its value is not declared;
            all faults are listed.
        UsageError: A label cannot be one.
    """
    root = read_xml(file, "the annotations of CVAT")
    if root.tag != "annotations" or root.find("meta") is None:
        raise SourceFormatError(f"{file} is no export of CVAT; export as 'CVAT for video 1.1' or 'CVAT for images 1.1'")
    declared = _declared(root, attribute)
    faults: list[str] = []
    uses_attribute = any(part.get("name") == attribute for part in root.iter("attribute"))
    boxes = [*_tracks(root, file, declared, faults, attribute if uses_attribute else None)]
    boxes += _pictures(root, file, declared, faults, attribute if uses_attribute else None)
    return clips_of_boxes(boxes, file.parent, list(dict.fromkeys(faults)), attribute)


def _declared(root: Element, attribute: str) -> _Declared:
    labels, values = set(), set()
    is_free = False
    for label in root.iter("label"):
        name = label.findtext("name")
        if name is None:
            continue
        labels.add(name)
        for part in label.iter("attribute"):
            if part.findtext("name") == attribute:
                is_free |= part.findtext("input_type") == "text"
                values |= {line.strip() for line in (part.findtext("values") or "").splitlines() if line.strip()}
    return _Declared(frozenset(labels), None if is_free or not values else frozenset(values))


def _tracks(
    root: Element, file: Path, declared: _Declared, faults: list[str], attribute: str | None
) -> Iterator[LabelledBox]:
    """The labelled boxes of the format for videos."""
    for number, track in enumerate(root.iter("track")):
        name = f"track {track.get('id', number)}"
        video = _video_of(root, file, track.get("task_id"), faults)
        piece, before, label_before = 0, None, None
        for box in sorted(track.iter("box"), key=lambda box: _frame_of(box, file)):
            frame, is_outside = _frame_of(box, file), box.get("outside") == "1"
            label = _action_of(box, track, declared, attribute, f"{file.name}, {name}, frame {frame}", faults)
            if before is not None and label_before and frame - before > 1 and (is_outside or label != label_before):
                # Exports of keyframes only: the person did the same until now.
                yield LabelledBox(video, frame - 1, label_before, _place(box, file), f"{track.get('id')}.{piece}")
            if is_outside or label is None:
                piece, before, label_before = piece + 1, None, None
                continue
            yield LabelledBox(video, frame, label, _place(box, file), f"{track.get('id')}.{piece}")
            before, label_before = frame, label


def _pictures(
    root: Element, file: Path, declared: _Declared, faults: list[str], attribute: str | None
) -> Iterator[LabelledBox]:
    """The labelled boxes of the format for images: pictures, or the frames of a video."""
    for picture in root.iter("image"):
        name = picture.get("name", "")
        if not any(True for _ in picture.iter("box")):
            continue
        path, frame = find_media(file.parent, name), 0
        counted = _FRAME_NAME.search(Path(name).stem)
        if path is None and counted is not None:
            path, frame = _video_of(root, file, picture.get("task_id"), faults), int(counted[1])
        elif path is None:
            faults.append(f"the picture {name!r} is not there; put it beside {file.name}")
            continue
        for box in picture.iter("box"):
            label = _action_of(box, box, declared, attribute, f"{file.name}, {name}", faults)
            if label is not None:
                yield LabelledBox(path, frame, label, _place(box, file), None)


def _action_of(
    box: Element, labelled: Element, declared: _Declared, attribute: str | None, where: str, faults: list[str]
) -> str | None:
    """What a person does; None where nobody said."""
    own = labelled.get("label", "")
    if declared.labels and own not in declared.labels:
        faults.append(f"{where}: the label {own!r} is not one of the task's ({', '.join(sorted(declared.labels))})")
    if attribute is None:
        return None if own.casefold() in NO_ACTION else own
    found = (*box.findall("attribute"), *labelled.findall("attribute"))
    value = next(((part.text or "").strip() for part in found if part.get("name") == attribute), "")
    if value.casefold() in NO_ACTION:
        return None
    if declared.values is not None and value not in declared.values:
        faults.append(
            f"{where}: {attribute} {value!r} is not one of the task's ({', '.join(sorted(declared.values))}); correct "
            "it in CVAT and export again"
        )
    return value


def _video_of(root: Element, file: Path, task: str | None, faults: list[str]) -> Path:
    """The video of a task; the export's file, and a fault, where it is missing."""
    tasks = [part for part in root.iter("task") if task is None or part.findtext("id") == task]
    name = next((part.findtext("source") or "" for part in tasks if part.findtext("source")), None)
    name = name or root.findtext("meta/source") or root.findtext("meta/job/source")
    found = only_video(file.parent) if name is None else find_media(file.parent, name)
    if found is None:
        what = f"the video {name!r} is not there" if name else "it names no video, and beside it lies not just one"
        faults.append(f"{what}; put the video that was labelled beside {file.name}")
    return found or file


def _frame_of(box: Element, file: Path) -> int:
    try:
        return int(box.get("frame", ""))
    except ValueError as error:
        raise SourceFormatError(
            f"{file}: a box has the frame {box.get('frame')!r}; export it from CVAT again"
        ) from error


def _place(box: Element, file: Path) -> Box:
    try:
        left, top, right, bottom = (float(box.get(side, "")) for side in _SIDES)
    except ValueError as error:
        raise SourceFormatError(f"{file}: a box has no {', '.join(_SIDES)}; export it from CVAT again") from error
    return left, top, right, bottom
