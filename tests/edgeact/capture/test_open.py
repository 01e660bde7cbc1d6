import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.capture.file import FileSource
from edgeact.capture.images import ImagesSource
from edgeact.capture.inputs import find_inputs, left_out, natural_key
from edgeact.capture.open import open_source
from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError
from tests.media import corner_picture, numbered_picture, write_png, write_video


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """videos/{1,2,10}.mp4 and more, images/{1,2,10}.png, mixed/, nothing/; files are only names where nobody opens
    them.
    """
    for name in (
        "videos/2.mp4",
        "videos/10.MP4",
        "videos/1.mkv",
        "videos/notes.txt",
        "videos/.hidden.mp4",
        "videos/inner/deep.mp4",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    for name in (
        "images/10.png",
        "images/2.jpg",
        "images/1.PNG",
        "mixed/a.png",
        "mixed/b.mov",
        "nothing/readme.md",
        "odd/clip[1].mp4",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(paths: list[Path], root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in paths]


def test_a_folder_of_videos_is_each_of_them_in_natural_order(tree: Path) -> None:
    assert names(find_inputs([str(tree / "videos")]), tree) == ["videos/1.mkv", "videos/2.mp4", "videos/10.MP4"]


def test_a_folder_of_images_is_one_input(tree: Path) -> None:
    assert names(find_inputs([str(tree / "images")]), tree) == ["images"]


def test_images_beside_videos_are_left_out(tree: Path) -> None:
    assert names(find_inputs([str(tree / "mixed")]), tree) == ["mixed/b.mov"]


def test_a_file_is_taken_whatever_its_name(tree: Path) -> None:
    assert names(find_inputs([str(tree / "videos/notes.txt"), str(tree / "odd/clip[1].mp4")]), tree) == [
        "videos/notes.txt",
        "odd/clip[1].mp4",
    ]


def test_patterns_are_expanded_to_media_and_folders_of_media(tree: Path) -> None:
    assert names(find_inputs([str(tree / "videos/*")]), tree) == [
        "videos/1.mkv",
        "videos/2.mp4",
        "videos/10.MP4",
        "videos/inner/deep.mp4",
    ]
    assert names(find_inputs([str(tree / "*")]), tree) == [
        "images", "mixed/b.mov", "odd/clip[1].mp4", "videos/1.mkv", "videos/2.mp4", "videos/10.MP4",
    ]  # fmt: skip
    assert names(find_inputs([str(tree / "images/**")]), tree) == ["images"]
    assert names(find_inputs([str(tree / "images/*.png")]), tree) == ["images/10.png"]


def test_patterns_keep_their_order_and_nothing_comes_twice(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    (tree / "link.mp4").symlink_to(tree / "videos/2.mp4")
    found = find_inputs(["videos/10.MP4", str(tree / "videos"), "./videos/1.mkv", "link.mp4"])
    assert [path.name for path in found] == ["10.MP4", "1.mkv", "2.mp4"]


def test_a_home_folder_in_quotes_is_found(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tree))
    assert names(find_inputs(["~/videos/*.mkv"]), tree) == ["videos/1.mkv"]


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("absent.mp4", "does not exist"),
        ("*.avi", "matches no video"),
        ("nothing", "no video or image"),
        ("nothing/*", "matches no video"),
    ],
)
def test_nothing_found_names_the_pattern_and_a_remedy(tree: Path, pattern: str, remedy: str) -> None:
    with pytest.raises(SourceNotFoundError, match=remedy) as caught:
        find_inputs([str(tree / pattern)])
    assert str(tree / pattern) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_argument_does_not_mean_this_folder() -> None:
    with pytest.raises(UsageError, match="an input is empty"):
        find_inputs([""])


@pytest.mark.parametrize(
    "pattern", ["rtsp://user:secret@camera/1", "https://host/a.mp4", "0", "12", "-", "/dev/video0", "/dev/null"]
)
def test_a_camera_or_stream_is_told_what_works_today(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceNotFoundError, match=r"is a camera or stream.*video files, images and folders") as caught:
        find_inputs([pattern])
    assert "edgeact watch" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pipe_is_no_file_but_a_file_may_be_called_as_a_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(SourceNotFoundError, match=r"pipe\.mp4 is a camera or stream"):
        find_inputs([str(tmp_path / "pipe.mp4")])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0").write_bytes(b"x")
    assert find_inputs(["0"]) == [Path("0")]


def test_images_that_are_left_out_are_named(tree: Path) -> None:
    (line,) = left_out(str(tree / "mixed"))
    assert line.startswith(f"{tree / 'mixed'} holds videos, so its images are left out: a.png; ")
    assert left_out(str(tree / "*")) == [line]
    assert left_out(str(tree / "images")) == left_out(str(tree / "videos")) == []
    (tree / "videos/raw.dng").write_bytes(b"x")
    assert "raw.dng" in left_out(str(tree / "videos"))[0]
    assert "raw.dng: these formats are not read" in left_out(str(tree / "videos/*"))[0]


def test_images_of_other_formats_are_named_where_there_are_none_that_are_read(tree: Path) -> None:
    for name in ("a.dng", "b.jxl", "c.CR2", "d.jp2"):
        (tree / "nothing" / name).write_bytes(b"x")
    with pytest.raises(SourceNotFoundError, match=r"not read: a\.dng, b\.jxl, c\.CR2 and 1 more; save them as PNG"):
        find_inputs([str(tree / "nothing")])


def test_a_folder_of_images_says_which_of_them_are_not_read(tmp_path: Path) -> None:
    write_png(tmp_path / "1.png", numbered_picture(0))
    (tmp_path / "2.jxl").write_bytes(b"x")
    with open_source(tmp_path) as source:
        assert len(list(source.frames())) == 1
        assert source.message is not None
        assert "left out are 2.jxl: these formats are not read" in source.message


@pytest.mark.parametrize("name", ["a.pgm", "a.jp2", "a.JXL", "a.dng"])
def test_an_image_of_a_format_that_is_not_read_is_told_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"P5 2 2 255 abcd")
    with pytest.raises(SourceFormatError, match="format that is not read; save it as PNG or JPEG"):
        open_source(tmp_path / name)


@pytest.mark.parametrize("name", ["a.mp4", "a.png", "folder"])
def test_footage_that_lies_on_its_side_is_turned(tmp_path: Path, name: str) -> None:
    picture = corner_picture()
    if name == "a.mp4":
        write_video(tmp_path / name, [picture] * 2)
    elif name == "a.png":
        write_png(tmp_path / name, picture)
    else:
        (tmp_path / name).mkdir()
        write_png(tmp_path / name / "1.png", picture)
    with open_source(tmp_path / name, turn=90) as source:
        assert (source.info.width, source.info.height) == (48, 64)
        frame = next(iter(source.frames()))
    assert np.abs(frame.image.astype(int) - np.rot90(picture, -1)).mean() < 8


@given(st.lists(st.integers(0, 10**9), unique=True), st.sampled_from(["", "frame", "a/b_"]))
def test_numbers_in_names_sort_by_value(numbers: list[int], prefix: str) -> None:
    paths = [Path(f"{prefix}{number}.png") for number in numbers]
    assert sorted(paths, key=natural_key) == [Path(f"{prefix}{number}.png") for number in sorted(numbers)]


@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)))
def test_any_names_can_be_sorted_and_the_order_does_not_depend_on_the_file_system(stems: list[str]) -> None:
    paths = [Path(stem) for stem in stems]
    other_order = paths[::-1]
    assert sorted(paths, key=natural_key) == sorted(other_order, key=natural_key)


def test_open_source_chooses_by_what_it_is_given(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", [numbered_picture(0)])
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in (0, 1, 2):
        write_png(folder / f"{number}.png", numbered_picture(number))
    with open_source(video) as source:
        assert isinstance(source, FileSource)
    with open_source(folder, every=2) as source:
        assert isinstance(source, ImagesSource)
        assert [frame.index for frame in source.frames()] == [0, 2]
    with open_source(folder / "1.png") as source:
        assert source.info.frame_count == 1


def test_open_source_refuses_what_is_not_there(tree: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="cannot be found"):
        open_source(tree / "absent.mp4")
    with pytest.raises(SourceNotFoundError, match="without images"):
        open_source(tree / "videos")
    assert os.listdir(tree / "nothing") == ["readme.md"]  # noqa: PTH208  looking leaves no trace


def test_a_name_that_begins_with_a_tilde_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("~clip.mp4", "~", "home/own.mp4"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"x")
    assert find_inputs(["~clip.mp4", "~", "~/own.mp4"]) == [Path("~clip.mp4"), Path("~"), tmp_path / "home" / "own.mp4"]
    with pytest.raises(SourceNotFoundError, match=r"~nobody-of-this-name\.mp4 does not exist"):
        find_inputs(["~nobody-of-this-name.mp4"])


@pytest.mark.parametrize("name", ["a\0b.mp4", "x" * 5000, "x/" * 3000])
def test_a_path_that_no_file_can_have_is_one_of_ours(name: str) -> None:
    with pytest.raises(SourceNotFoundError, match=r"check the path|does not exist"):
        find_inputs([name])


@pytest.mark.parametrize(
    ("name", "shown", "is_live"),
    [
        ("rtsp://viewer:secret@127.0.0.1:9/stream", "rtsp://***@127.0.0.1:9/stream", True),
        ("http://127.0.0.1:9/mjpeg", "http://127.0.0.1:9/mjpeg", True),
        ("http://127.0.0.1:9/live.m3u8", "http://127.0.0.1:9/live.m3u8", True),
        ("https://127.0.0.1:9/clip.MP4?token=secret", "https://127.0.0.1:9/clip.MP4?token=***", False),
        (99, "/dev/video99", True),
        ("99", "/dev/video99", True),
        ("/dev/video99", "/dev/video99", True),
        ("missing.mp4", "missing.mp4", None),
    ],
)
def test_what_is_named_decides_on_the_kind(name: str | int, shown: str, is_live: bool | None) -> None:
    for kind, expected in ((None, is_live), ("live", True), ("file", False)):
        if name == "missing.mp4" and kind != "live":
            with pytest.raises(SourceNotFoundError, match="missing"):
                open_source(name, kind=kind)
            continue
        with open_source(name, kind=kind) as source:
            assert (source.info.name, source.info.live) == (shown, expected)


def test_a_file_that_is_named_like_a_camera_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "clip.mkv", [numbered_picture(0)]).rename("0")
    assert not open_source("0").info.live


def test_a_live_source_takes_no_options_of_files() -> None:
    with pytest.raises(UsageError, match=r"^/dev/video3: every and stream are for files"):
        open_source(3, every=2)
    with pytest.raises(UsageError, match="-1 is no camera"):
        open_source(-1)


def test_a_missing_file_that_looks_like_credentials_is_not_repeated() -> None:
    with pytest.raises(SourceNotFoundError, match=r"^\*\*\*@192\.0\.2\.7/stream does not exist") as caught:
        open_source("admin:hunter2@192.0.2.7/stream")
    assert "hunter2" not in str(caught.value)
