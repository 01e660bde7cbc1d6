"""Exports of CVAT, as its two formats write them, and what is said of those that cannot be used."""

from pathlib import Path

import pytest

from edgeact.errors import SourceFormatError
from trainer.data.class_cvat import read_cvat

LABELS = """<labels><label><name>person</name><attributes><attribute><name>action</name><mutable>True</mutable>
<input_type>select</input_type><values>walk
wave
other</values></attribute></attributes></label></labels>"""


def write(folder: Path, body: str, *, source: str = "<source>gate_1.mp4</source>", labels: str = LABELS) -> Path:
    meta = f"<meta><task><id>3</id><name>gate</name><start_frame>0</start_frame>{labels}</task>{source}</meta>"
    file = folder / "annotations.xml"
    file.write_text(
        f"<?xml version='1.0' encoding='utf-8'?><annotations><version>1.1</version>{meta}{body}</annotations>"
    )
    return file


def box(frame: int, action: str | None, *, outside: int = 0, left: float = 10.0) -> str:
    said = "" if action is None else f'<attribute name="action">{action}</attribute>'
    return (
        f'<box frame="{frame}" keyframe="1" outside="{outside}" occluded="0" xtl="{left}" ytl="5.0" xbr="{left + 20}" '
        f'ybr="60.0" z_order="0">{said}</box>'
    )


def track(number: int, *boxes: str, label: str = "person") -> str:
    return f'<track id="{number}" label="{label}" source="manual">{"".join(boxes)}</track>'


def test_tracks_of_a_video_become_stretches_with_their_person(tmp_path: Path) -> None:
    (tmp_path / "gate_1.mp4").touch()
    file = write(
        tmp_path,
        track(
            0,
            *(box(n, "wave") for n in range(20)),
            *(box(n, "walk") for n in range(20, 30)),
            box(30, "walk", outside=1),
        )
        + track(1, box(0, "other", left=100), box(25, "other", left=150), box(40, "wave", outside=1, left=150))
        + track(2, box(0, "__undefined__"), box(5, "")),
    )
    found = read_cvat(file)
    assert [(clip.label, clip.part.first, clip.part.last, clip.part.who) for clip in found.clips if clip.part] == [
        ("wave", 0, 19, "track 0.0"),
        ("other", 0, 39, "track 1.0"),
        ("walk", 20, 29, "track 0.0"),
    ]
    assert found.labels == ("wave", "walk")
    assert {clip.path for clip in found.clips} == {tmp_path / "gate_1.mp4"}
    assert "each clip counts as a source" in found.notes[0]


def test_labels_that_are_actions_need_no_attribute(tmp_path: Path) -> None:
    (tmp_path / "gate_1.mp4").touch()
    labels = "<labels><label><name>fall</name></label></labels>"
    found = read_cvat(write(tmp_path, track(0, box(0, None), box(9, None), label="fall"), labels=labels))
    assert [clip.label for clip in found.clips] == ["fall"]


def test_pictures_are_stills_and_frames_of_a_video_are_joined(tmp_path: Path) -> None:
    (tmp_path / "images" / "anna").mkdir(parents=True)
    (tmp_path / "images" / "anna" / "1.jpg").touch()
    (tmp_path / "gate_1.mp4").touch()
    said = '<attribute name="action">{2}</attribute>'
    shape = f'<box label="person" occluded="0" xtl="{{0}}" ytl="5" xbr="{{1}}" ybr="60">{said}</box>'
    frames = [
        f'<image id="{n}" name="frame_{n:06}" width="320" height="240">{shape.format(10, 30, "walk")}</image>'
        for n in range(6)
    ]
    picture = f'<image id="9" name="anna/1.jpg" width="320" height="240">{shape.format(4, 40, "wave")}</image>'
    clips = read_cvat(write(tmp_path, "".join([*frames, picture, '<image id="10" name="lost.jpg"></image>']))).clips
    assert [(clip.path.name, clip.label, clip.still) for clip in clips] == [
        ("gate_1.mp4", "walk", False),
        ("1.jpg", "wave", True),
    ]
    assert clips[0].part is not None
    assert (clips[0].part.first, clips[0].part.last) == (0, 5)


def test_what_is_missing_or_unknown_is_listed_with_what_to_do(tmp_path: Path) -> None:
    body = track(0, box(0, "swim"), box(9, "swim")) + track(1, box(0, "walk"), label="dog")
    with pytest.raises(SourceFormatError) as refused:
        read_cvat(write(tmp_path, body))
    message = str(refused.value)
    assert "the video 'gate_1.mp4' is not there; put the video that was labelled beside annotations.xml" in message
    assert "action 'swim' is not one of the task's (other, walk, wave); correct it in CVAT" in message
    assert "the label 'dog' is not one of the task's (person)" in message


def test_people_of_whom_nobody_said_what_they_do_and_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gate_1.mp4").touch()
    with pytest.raises(SourceFormatError, match="calls everybody person; give people an attribute 'action'"):
        read_cvat(write(tmp_path, track(0, box(0, None), box(9, None))))
    (tmp_path / "voc.xml").write_text("<annotation/>")
    with pytest.raises(SourceFormatError, match=r"is no export of CVAT; export as 'CVAT for video 1\.1'"):
        read_cvat(tmp_path / "voc.xml")
    with pytest.raises(SourceFormatError, match="a box has the frame None"):
        read_cvat(write(tmp_path, track(0, "<box xtl='1'/>")))
