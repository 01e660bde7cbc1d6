import threading

import numpy as np
import pytest

from desktop_ui.bridge import newest_frame
from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.shown_frame import fitted_size, make_image
from desktop_ui.model.layers import Layers, Privacy
from edgeact.skeleton import BODY_21
from edgeact.types import Frame, Observation, PartCrop, Person, Pose, UInt8

BOX, HEAD = np.array([20, 10, 60, 90], np.float32), np.array([30, 10, 50, 30], np.float32)


def observation(index: int = 0, *, epoch: int = 0) -> Observation:
    noise = np.random.default_rng(0).integers(0, 256, (100, 160, 3), np.uint8)
    joints = len(BODY_21.joints)
    pose = Pose(np.zeros((joints, 2), np.float32), np.ones(joints, np.float32))
    person = Person(4, BOX + index, 0.9, pose, parts=(PartCrop("head", HEAD),))
    return Observation(Frame(index, index / 25, noise, epoch=epoch, captured=1.0 + index / 25), (person,))


def test_a_new_frame_is_told_once_until_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_frame, "MOST_SHOWN_A_SECOND", 1e9)
    told: list[int] = []
    sink = NewestFrame(Layers, lambda: told.append(1))
    for index in range(5):
        sink.write(observation(index), None)
    assert len(told) == 1
    shown = sink.newest()
    assert shown is not None
    assert shown.observation.frame.index == 4
    sink.write(observation(5), None)
    assert len(told) == 2


def test_thirty_frames_a_second_are_shown_and_the_last_one_always(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(newest_frame.time, "monotonic", lambda: clock[0])
    made: list[int] = []

    def make(seen: Observation, *_: object) -> UInt8:
        made.append(seen.frame.index)
        return np.zeros((1, 1, 4), np.uint8)

    monkeypatch.setattr(newest_frame, "make_image", make)
    sink = NewestFrame(Layers, lambda: None)
    for index in range(100):  # a hundred in a second
        clock[0] = 10 + index / 100
        sink.write(observation(index), None)
    assert 28 <= len(made) <= 34
    sink.write(observation(100), None)  # at the same moment as the one before, if that was shown
    made.clear()
    sink.close()
    assert made == [100]


def test_trails_begin_anew_with_an_epoch() -> None:
    sink = NewestFrame(Layers, lambda: None)
    for index in range(3):
        sink.write(observation(index), None)
    sink._next = 0.0
    sink.write(observation(3, epoch=1), None)
    shown = sink.newest()
    assert shown is not None
    assert shown.trails[4].tolist() == [[43.0, 93.0]]


@pytest.mark.parametrize("privacy", ["heads", "persons", "skeleton"])
def test_what_is_private_is_not_in_the_picture(privacy: Privacy) -> None:
    """The noise of the frame has a spread of 74; what is left of it is hidden."""
    seen = observation()
    image = make_image(seen, (160, 100), Layers(privacy=privacy))
    plain = make_image(seen, (160, 100), Layers())
    area = {"heads": HEAD, "persons": BOX, "skeleton": np.array([0, 0, 160, 100], np.float32)}[privacy]
    x0, y0, x1, y1 = (int(value) for value in area)
    assert plain[y0:y1, x0:x1, :3].std() > 60
    assert image[y0:y1, x0:x1, :3].std() < 25
    assert (image[..., 3] == 255).all()
    if privacy != "skeleton":
        assert image[95:, 100:, :3].std() > 60, "the rest is as it was"


def test_a_picture_has_the_size_of_its_tile_and_the_shape_of_its_frame() -> None:
    assert fitted_size(1280, 720, (640, 640)) == (640, 360)
    assert fitted_size(100, 200, (640, 640)) == (320, 640)
    assert make_image(observation(), (320, 320), Layers()).shape == (200, 320, 4)


def test_a_redraw_never_replaces_a_newer_frame() -> None:
    layers = [Layers()]
    sink = NewestFrame(lambda: layers[0], lambda: None)
    sink.write(observation(0), None)
    layers[0] = Layers(privacy="heads")
    threads = [threading.Thread(target=sink.redraw) for _ in range(4)]
    for thread in threads:
        thread.start()
    sink._next = 0.0
    sink.write(observation(7), None)
    for thread in threads:
        thread.join()
    shown = sink.newest()
    assert shown is not None
    assert (shown.observation.frame.index, shown.privacy) == (7, "heads")
