import shutil
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop_ui.bridge.frame_store import FrameStore, frames_folder
from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.played_file import PlayedFile
from desktop_ui.model.layers import Layers
from edgeact.bundle.load import load_bundle
from edgeact.errors import OutputError
from edgeact.privacy.conceal import FILL
from edgeact.skeleton import BODY_21
from edgeact.types import AttentionMap, Frame, Observation, Person, Pose
from tests.servers.patience import wait_until

LAYERS = [Layers()]  # those of the window


def observation(index: int) -> Observation:
    image = np.full((48, 64, 3), 10 * index, np.uint8)
    joints = len(BODY_21.joints)
    pose = Pose(np.zeros((joints, 2), np.float32), np.ones(joints, np.float32))
    attention = AttentionMap("joints", np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4), np.zeros(4, np.float32))
    person = Person(1, np.array([index, 0, index + 10, 40], np.float32), 0.9, pose, attention=(attention,))
    return Observation(Frame(index, 2.0 + index / 10, image, captured=1.0), (person,))


@pytest.fixture
def played(tiny_bundle: Path) -> Iterator[PlayedFile]:
    LAYERS[0] = Layers()
    newest = NewestFrame(lambda: LAYERS[0], lambda: None)
    played = PlayedFile(newest, load_bundle(tiny_bundle).plan, most_persons=20)
    played.pause()
    for index in range(20):
        played.write(observation(index), None)
    played.close()
    yield played
    played.release()


def shown_index(played: PlayedFile) -> int | None:
    shown = played.newest.peek()
    return None if shown is None else shown.observation.frame.index


def test_any_frame_is_shown_again_with_its_picture_its_maps_and_its_trail(played: PlayedFile) -> None:
    wait_until(lambda: shown_index(played) == 0)
    played.seek(3.25)
    wait_until(lambda: shown_index(played) == 12)
    shown = played.newest.peek()
    assert shown is not None
    assert abs(int(shown.observation.frame.image.mean()) - 120) <= 2  # JPEG
    (attention,) = shown.observation.persons[0].attention
    assert attention.values.dtype == np.float32
    np.testing.assert_allclose(attention.values[2, 3], 1.0)
    assert shown.trails[1].tolist() == [[5.0 + index, 40.0] for index in range(13)]
    played.step(-1)
    wait_until(lambda: shown_index(played) == 11)


def test_it_plays_to_its_end(played: PlayedFile) -> None:
    played.set_speed(8.0)
    played.play()
    wait_until(lambda: played.state.is_at_end)
    wait_until(lambda: shown_index(played) == 19)
    assert not played.state.is_playing


def test_what_was_perceived_can_be_asked_for_by_time(played: PlayedFile) -> None:
    assert [seen.frame.index for seen in played.observations(2.5, 2.85)] == [5, 6, 7, 8]
    assert played.picture(7).shape == (48, 64, 3)


def test_privacy_may_be_asked_for_after_a_file_was_perceived(played: PlayedFile) -> None:
    played.seek(3.5)
    wait_until(lambda: shown_index(played) == 15)
    LAYERS[0] = Layers(privacy="persons")
    played.redraw()
    wait_until(lambda: played.newest.peek().privacy == "persons")  # type: ignore[union-attr]
    shown = played.newest.peek()
    assert shown is not None
    image = shown.observation.frame.image
    assert (image[:40, 15:25] == FILL).all()
    assert abs(int(image[:, 60:].mean()) - 150) <= 3
    LAYERS[0] = Layers()
    played.redraw()
    wait_until(lambda: played.newest.peek().privacy == "none")  # type: ignore[union-attr]


def test_a_full_disk_is_a_message_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - 1000, 1000))
    store = FrameStore()
    with pytest.raises(OutputError, match="free some space, or set TMPDIR"):
        store.append(np.zeros((8, 8, 3), np.uint8))
    store.close()


def test_frames_lie_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert frames_folder() == tmp_path / "cache" / "edgeact"
    store = FrameStore()
    store.append(np.zeros((8, 8, 3), np.uint8))
    assert list((tmp_path / "cache" / "edgeact").iterdir()) == [], "a file without a name, which no crash leaves behind"
    store.close()
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert frames_folder() == Path(tempfile.gettempdir())
