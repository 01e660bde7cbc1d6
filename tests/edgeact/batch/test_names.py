"""Every input's outputs have a name of their own."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edgeact.batch.identity import fingerprint_input
from edgeact.batch.names import output_stems
from edgeact.batch.record import RunRecord, save_record


def test_stems_are_those_of_the_inputs_unless_they_collide(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.mp4", "b.mp4", "B.mov", "x/c.mp4", "y/c.mp4", "d.tar.mp4")]
    assert output_stems(paths, tmp_path) == ["a", "b.mp4", "B.mov", "x-c.mp4", "y-c.mp4", "d.tar"]


def test_stems_end_with_a_hash_when_nothing_else_tells_them_apart(tmp_path: Path) -> None:
    stems = output_stems([tmp_path / "1/x/c.mp4", tmp_path / "2/x/c.mp4"], tmp_path)
    assert len(set(stems)) == 2
    assert all(stem.startswith("c-") and len(stem) == 10 for stem in stems)


def test_a_folder_keeps_its_whole_name(tmp_path: Path) -> None:
    (tmp_path / "take.2").mkdir()
    assert output_stems([tmp_path / "take.2"], tmp_path) == ["take.2"]


def test_a_link_has_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "target.mp4").write_bytes(b"x")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "target.mp4")
    assert output_stems([tmp_path / "link.mp4"], tmp_path) == ["link"]


def test_long_names_leave_room_for_what_is_added_to_them(tmp_path: Path) -> None:
    paths = [tmp_path / f"{letter * 80}.{suffix}" for letter in ("a", "語") for suffix in ("mp4", "mkv")]
    stems = output_stems(paths, tmp_path)
    assert stems[:2] == [path.name for path in paths[:2]]
    assert all(stem.startswith("語" * 60) and len(stem.encode()) <= 200 for stem in stems[2:])
    assert len(set(stems)) == 4


def test_a_newcomer_of_the_same_stem_leaves_the_name_to_who_has_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "a.mkv"
    first.write_bytes(b"x")
    record = RunRecord(state="done", input=fingerprint_input(first), settings={}, outputs={}, summary=None)
    save_record(tmp_path / "a.run.json", record)
    assert output_stems([first, second], tmp_path) == ["a", "a.mkv"]
    assert output_stems([second, first], tmp_path) == ["a.mkv", "a"]


names = st.text("abAB.-", min_size=1, max_size=3).filter(lambda name: name.strip("."))


@given(st.sets(st.tuples(names, names, st.sampled_from([".mp4", ".mov", ""])), max_size=12))
def test_stems_are_always_distinct(parts: set[tuple[str, str, str]]) -> None:
    paths = sorted({Path("/videos") / folder / (name + suffix) for folder, name, suffix in parts})
    stems = output_stems(paths, Path("/no records there"))
    assert len({stem.casefold() for stem in stems}) == len(paths)
    assert all(stem and "/" not in stem for stem in stems)
