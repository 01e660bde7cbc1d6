import errno
import os
import stat
from pathlib import Path

import av
import pytest

from edgeact.atomic import PartialText, output_error, partial_path, prepare_partial, publish, remove_partials
from edgeact.errors import OutputError


def test_the_temporary_name_is_hidden_and_in_the_same_folder() -> None:
    assert partial_path(Path("out/a.b.mp4")) == Path("out/.a.b.mp4.partial")


def test_text_is_published_byte_by_byte_as_it_was_written(tmp_path: Path) -> None:
    file = PartialText(tmp_path / "a.txt")
    file.write("ü\n")
    file.write("\r\nend")
    file.close()
    assert (tmp_path / "a.txt").read_bytes() == "ü\n\r\nend".encode()


def test_publishing_without_a_temporary_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.mp4 cannot be written"):
        publish(tmp_path / "a.mp4")


def test_removing_where_there_is_nothing_is_no_error(tmp_path: Path) -> None:
    remove_partials(tmp_path / "absent" / "a.mp4")
    prepare_partial(tmp_path / "a.mp4")
    remove_partials(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "may write to"),
        (errno.EROFS, "may write to"),
        (errno.ENOENT, "create it"),
        (errno.EIO, "choose another --out"),
    ],
)
def test_errors_of_python_and_of_ffmpeg_become_one_line_with_a_remedy(code: int, remedy: str) -> None:
    for error in (OSError(code, "the reason"), av.FFmpegError(code, "the reason", "a.mp4")):
        message = str(output_error(Path("out/a.mp4"), error))
        assert message.startswith("out/a.mp4 cannot be written (the reason); ")
        assert remedy in message


def test_an_error_of_a_codec_is_not_one_of_the_folder() -> None:
    for error in (av.error.InvalidDataError(1094995529, "bad data"), av.error.ArgumentError(22, "bad argument")):
        message = str(output_error(Path("out/a.mp4"), error))
        assert "--no-video writes the data alone" in message
        assert "--out" not in message


def test_what_lies_under_the_temporary_name_is_never_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    partial = partial_path(tmp_path / "a.txt")
    for put in (lambda: partial.symlink_to(precious), lambda: os.link(precious, partial), lambda: os.mkfifo(partial)):
        put()
        file = PartialText(tmp_path / "a.txt")
        file.write("new")
        file.close()
        assert precious.read_text() == "kept"
        assert (tmp_path / "a.txt").read_text() == "new"
        assert not (tmp_path / "a.txt").is_symlink()


def test_a_link_put_there_while_writing_is_not_published(tmp_path: Path) -> None:
    prepare_partial(tmp_path / "a.mp4").unlink()
    partial_path(tmp_path / "a.mp4").symlink_to(Path(__file__))
    with pytest.raises(OutputError, match="symbolic link"):
        publish(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_the_new_name_is_on_the_disk_before_publishing_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        mode = os.fstat(descriptor).st_mode
        synced.append(f"folder {(tmp_path / 'a.mp4').exists()}" if stat.S_ISDIR(mode) else "file")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    prepare_partial(tmp_path / "a.mp4")
    publish(tmp_path / "a.mp4")
    assert synced == ["file", "folder True"]
