"""Old media go, the oldest first, and never what is being written; each removal stands in the manifest."""

import json
import os
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edgeact.daemon.config import RecordConfig
from edgeact.daemon.media_folder import MediaFolder
from edgeact.daemon.retention import MANIFEST, Retention

DAY = 86_400


def put(state: Path, name: str, *, days: float, size: int = 100) -> Path:
    path = state / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))
    return path


def removed(state: Path) -> list[tuple[str, str]]:
    lines = (state / MANIFEST).read_text(encoding="utf-8").splitlines() if (state / MANIFEST).exists() else []
    return [(json.loads(line)["path"], json.loads(line)["reason"]) for line in lines]


def test_what_is_too_old_goes_with_the_folder_of_its_day_and_nothing_else_does(tmp_path: Path) -> None:
    old = put(tmp_path, "recordings/gate/2026-01-01/120000.000Z.mp4", days=15)
    clip = put(tmp_path, f"clips/{'0' * 26}.mkv", days=14.5)
    fresh = put(tmp_path, f"snapshots/{'0' * 26}.jpg", days=13)
    other = [put(tmp_path, "events.db", days=99), put(tmp_path, "clips/notes.txt", days=99)]
    retention = Retention(MediaFolder(tmp_path), lambda: RecordConfig(keep_days=14, free_gb=0))
    assert retention.go_round() == 2
    assert not old.parent.exists()
    assert old.parent.parent.exists()
    assert not clip.exists()
    assert fresh.exists()
    assert all(path.exists() for path in other)
    assert {reason for _, reason in removed(tmp_path)} == {"age"}
    assert retention.go_round() == 0


def test_where_room_is_short_the_oldest_go_until_there_is_enough_but_not_what_is_being_written(tmp_path: Path) -> None:
    names = [f"recordings/gate/2026-01-01/12000{number}.000Z.mp4" for number in range(5)]
    paths = [put(tmp_path, name, days=5 - number) for number, name in enumerate(names)]
    folder = MediaFolder(tmp_path)
    folder.begin(paths[0])

    def free() -> int:
        return round(1e9 * (1 - 0.3 * sum(path.exists() for path in paths)))

    retention = Retention(folder, lambda: RecordConfig(free_gb=0.35), free)
    assert retention.go_round() == 3
    assert [path.exists() for path in paths] == [True, False, False, False, True]
    assert removed(tmp_path) == [(name, "space") for name in names[1:4]]
    assert json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8").splitlines()[0])["bytes"] == 100
    folder.end(paths[0])
    assert retention.go_round() == 0


def test_only_files_of_an_event_are_found_by_the_name_that_an_event_has(tmp_path: Path) -> None:
    folder, identity = MediaFolder(tmp_path), "01" + "A" * 24
    path = put(tmp_path, f"clips/{identity}.mp4", days=0)
    put(tmp_path, "events.db", days=0)
    put(tmp_path, f"clips/{identity}.txt", days=0)
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / f"{identity}.jpg").symlink_to(tmp_path / "events.db")
    assert folder.of_event(f"clips/{identity}.mp4") == path
    for name in (
        None, "", "events.db", f"clips/{identity}.txt", f"clips/../clips/{identity}.mp4", f"/clips/{identity}.mp4",
        f"clips/{identity}.mp4\n", f"snapshots/{identity}.jpg", f"clips/{identity}.mkv",
    ):  # fmt: skip
        assert folder.of_event(name) is None


PARTS = st.sampled_from(
    ["clips", "snapshots", "recordings", "..", ".", "/", "//", "0" * 26, "0" * 26 + ".mp4", "0" * 26 + ".jpg", "\0", ""]
)


@given(
    st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=5).map("/".join), st.lists(PARTS, max_size=5).map("".join))
)
def test_no_text_leads_out_of_the_folders_of_events(name: str) -> None:
    folder = MediaFolder(Path("/nowhere"))
    folder.of_event(name)  # whatever it is, it is no error
    state = Path("/proc/self/fd")  # many files that are no media of ours
    assert MediaFolder(state).of_event(name) is None
