from dataclasses import replace

import numpy as np

from desktop_ui.keeping.held_frames import HeldFrames
from tests.desktop_ui.bridge.test_newest_frame import observation


def test_ten_pictures_a_second_are_held_and_found_by_their_time() -> None:
    held = HeldFrames()
    for index in range(50):
        held.note(observation(index), "none")
    assert 18 <= len(held.all()) <= 22
    found = held.nearest(2.0)
    assert found is not None
    assert abs(found.captured - 2.0) <= 0.1
    assert held.nearest(9.0) is None
    assert all(1.5 <= frame.captured <= 2.0 for frame in held.between(1.5, 2.0))


def test_a_held_frame_comes_back_with_its_size_and_the_persons() -> None:
    held = HeldFrames()
    seen = observation(3)
    grey = np.full((1080, 1920, 3), 90, np.uint8)
    held.note(replace(seen, frame=replace(seen.frame, image=grey)), "heads")
    (frame,) = held.all()
    assert frame.seen.frame.image.strides[:2] == (0, 0), "nothing of the picture itself is held"
    assert max(frame.picture().shape) == 960
    again = frame.observation()
    assert again.frame.image.shape == (1080, 1920, 3)
    assert abs(int(again.frame.image.mean()) - 90) <= 1
    assert again.persons[0].track_id == seen.persons[0].track_id
    assert frame.privacy == "heads"


def test_the_oldest_give_way_when_there_are_too_many_bytes() -> None:
    held = HeldFrames(most_bytes=60_000)
    for index in range(0, 90, 3):
        held.note(observation(index), "none")
    frames = held.all()
    assert sum(len(frame.jpeg) for frame in frames) <= 60_000
    assert frames[-1].seen.frame.index == 87
