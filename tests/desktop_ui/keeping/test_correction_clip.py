from pathlib import Path

import av

from desktop_ui.keeping.correction_clip import Seen, correction_clip
from tests.desktop_ui.bridge.test_newest_frame import observation


def test_a_clip_shows_the_person_and_says_where_and_what_came_before(tmp_path: Path) -> None:
    pictures: list[Seen] = []
    for index in (0, 5, 10):
        seen = observation(index)
        pictures.append((index / 25, seen, lambda seen=seen: seen.frame.image))
    clip = correction_clip(pictures, 4, start=0.2)
    assert clip is not None
    # The person is in (20, 10, 60, 90), five pixels further in the second picture; a quarter of that around it.
    assert clip.area == (8, 0, 77, 117)
    assert clip.lead == 1
    assert [box[:3] for box in clip.boxes] == [(0, 12, 10), (1, 17, 15), (2, 12, 10)]
    clip.write(tmp_path / "clips" / "clip.mp4")
    with av.open(str(tmp_path / "clips" / "clip.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [round(float(frame.time or 0), 1) for frame in frames] == [0.0, 0.2, 0.4]
    assert (frames[0].width, frames[0].height) == (70, 100), "H.264 takes even sizes"


def test_who_is_not_in_the_stretch_has_no_clip() -> None:
    seen = observation(0)
    pictures: list[Seen] = [(0.0, seen, lambda: seen.frame.image)]
    assert correction_clip(pictures, 9, start=0.0) is None
    assert correction_clip(pictures, 4, start=0.1) is None, "only before it"
    assert correction_clip([], 4, start=0.0) is None
