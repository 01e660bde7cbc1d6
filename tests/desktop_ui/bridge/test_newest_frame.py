import threading
from pathlib import Path

import numpy as np
import pytest

from desktop_ui.bridge import newest_frame
from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.shown_frame import fitted_size, make_image
from desktop_ui.model.layers import PRIVACIES, Layers
from edgeact.bundle.load import load_bundle
from edgeact.skeleton import BODY_21
from edgeact.types import Frame, Observation, PartCrop, Person, Pose, UInt8

BOX, HEAD = np.array([20, 10, 60, 90], np.float32), np.array([30, 10, 50, 30], np.float32)


def observation(index: int = 0, *, epoch: int = 0) -> Observation:
    noise = np.random.default_rng(0).integers(0, 256, (100, 160, 3), np.uint8)
    joints = len(BODY_21.joints)
    pose = Pose(np.full((joints, 2), 50, np.float32), np.ones(joints, np.float32))
    person = Person(4, BOX + index % 10, 0.9, pose, parts=(PartCrop("head", HEAD),))
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


def test_privacy_is_that_of_the_runtime_and_known_of_every_frame(tiny_bundle: Path) -> None:
    """The noise of the frame has a spread of 74; of what is hidden none is left."""
    layers = [Layers()]
    sink = NewestFrame(lambda: layers[0], lambda: None)
    conceal = sink.prepare(load_bundle(tiny_bundle).plan, most_persons=20)
    spreads: dict[str, float] = {}
    for number, privacy in enumerate(PRIVACIES):
        layers[0] = Layers(privacy=privacy)
        for index in (100 * number, 100 * number + 50):
            sink._next = 0.0
            sink.write(conceal(observation(index)), None)
        shown = sink.newest()
        assert shown is not None
        assert shown.privacy == privacy
        x0, y0, x1, y1 = (int(value) for value in shown.observation.persons[0].parts[0].box)
        spreads[privacy] = float(shown.observation.frame.image[y0:y1, x0:x1].std())
        rest = float(shown.observation.frame.image[:, :10].std())
        assert (rest > 60) == (privacy != "skeleton"), privacy
    assert spreads["none"] > 60
    assert spreads["persons"] == 0


def test_a_picture_has_the_size_of_its_tile_and_the_shape_of_its_frame() -> None:
    assert fitted_size(1280, 720, (640, 640)) == (640, 360)
    assert fitted_size(100, 200, (640, 640)) == (320, 640)
    assert make_image(observation(), (320, 320), Layers()).shape == (200, 320, 4)


def test_a_redraw_never_replaces_a_newer_frame() -> None:
    layers = [Layers()]
    sink = NewestFrame(lambda: layers[0], lambda: None)
    sink.write(observation(0), None)
    layers[0] = Layers(black=True)
    threads = [threading.Thread(target=sink.redraw) for _ in range(4)]
    for thread in threads:
        thread.start()
    sink._next = 0.0
    sink.write(observation(7), None)
    for thread in threads:
        thread.join()
    shown = sink.newest()
    assert shown is not None
    assert shown.observation.frame.index == 7
    assert not shown.image[..., :3].any()
