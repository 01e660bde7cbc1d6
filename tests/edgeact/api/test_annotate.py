import _thread
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import edgeact
from edgeact.batch.annotate import annotate as annotate_as_the_command_does
from edgeact.batch.messages import AnnotateOptions, SilentListener
from edgeact.errors import (
    ArgumentTypeError,
    BatchError,
    ConfigError,
    SourceFormatError,
    SourceNotFoundError,
    UsageError,
)
from edgeact.types import Observation
from tests.media import write_png
from tests.tiny_bundle import tiny_picture
from tests.toy_video import write_toy_video

SMALL = (64, 48)


def test_a_path_gives_the_files_of_the_command(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    report = edgeact.annotate(str(clip), out=tmp_path / "python", bundle=str(tiny_bundle), config={"detect_every": 5})
    options = AnnotateOptions(bundle=tiny_bundle, config=edgeact.PipelineConfig(detect_every=5))
    annotate_as_the_command_does([str(clip)], tmp_path / "command", options)
    (result,) = report.results
    assert result.state == "done"
    names = ["clip.mp4", "clip.events.csv", "clip.frames.jsonl"]
    assert [path.name for path in result.outputs] == names
    for name in names[1:]:
        written = [(tmp_path / folder / name).read_text().splitlines()[1:] for folder in ("python", "command")]
        assert written[0] == written[1]
    again = edgeact.annotate(clip, out=str(tmp_path / "python"), bundle=tiny_bundle, config={"detect_every": 5})
    assert again.results[0].state == "skipped"


def test_any_number_of_paths(tmp_path: Path, tiny_bundle: Path) -> None:
    for name in ("a", "b"):
        write_toy_video(tmp_path / f"{name}.mp4", seconds=0.1, size=SMALL)
    report = edgeact.annotate(sorted(tmp_path.glob("*.mp4")), out=tmp_path / "out", bundle=tiny_bundle, video=False)
    assert [result.path.name for result in report.results] == ["a.mp4", "b.mp4"]
    with pytest.raises(BatchError, match=r"1 of 2 inputs failed: .*missing\.mp4 does not exist") as raised:
        edgeact.annotate(
            [tmp_path / "a.mp4", tmp_path / "missing.mp4"], out=tmp_path / "out", bundle=tiny_bundle, video=False
        )
    assert [path.name for path in raised.value.failures] == ["missing.mp4"]
    assert raised.value.exit_code == 3


def test_the_only_input_raises_its_own_error(tmp_path: Path, tiny_bundle: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="does not exist"):
        edgeact.annotate(tmp_path / "missing.mp4", out=tmp_path / "out", bundle=tiny_bundle)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(SourceFormatError, match="broken"):
        edgeact.annotate(broken, out=tmp_path / "out", bundle=tiny_bundle)
    assert [path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")] == []


def test_ctrl_c_leaves_no_file_and_no_thread_and_the_next_call_goes_on(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=1.0, size=(160, 120))

    class PressCtrlC(SilentListener):
        def frame_done(self, observation: Observation) -> None:
            if observation.frame.index == 5:
                _thread.interrupt_main()

    # A suite that runs in a shell's background inherits an ignored SIGINT, which would interrupt nobody.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            edgeact.annotate(clip, out=tmp_path / "out", bundle=tiny_bundle, listener=PressCtrlC())
    finally:
        signal.signal(signal.SIGINT, inherited)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(("clip", ".clip"))] == []
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("edgeact-")] == []
    again = edgeact.annotate(clip, out=tmp_path / "out", bundle=tiny_bundle, video=False)
    assert again.results[0].state == "done"


def test_a_path_never_stands_for_many_videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toy_video(tmp_path / "clip.mp4", seconds=0.1, size=SMALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"is a folder with 1 video, .*\.glob\('\*\.mp4'\)"):
        edgeact.annotate(tmp_path, out="out")
    with pytest.raises(UsageError, match="is a folder with 1 video"):
        edgeact.annotate("~", out="out")
    with pytest.raises(UsageError, match="patterns are not expanded"):
        edgeact.annotate("*.mp4", out="out")
    for nothing in ("", " ", Path(), list("clip.mp4")[4:5]):  # a letter of a name is "."
        with pytest.raises(UsageError, match="current folder"):
            edgeact.annotate(nothing, out="out")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_folder_of_images_is_one_input(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for index in range(2):
        write_png(tmp_path / "pictures" / f"{index}.png", tiny_picture(*SMALL, []))
    report = edgeact.annotate(tmp_path / "pictures", out=tmp_path / "out", bundle=tiny_bundle, video=False)
    assert [result.outputs[-1].name for result in report.results] == ["pictures.frames.jsonl"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: edgeact.annotate(b"clip.mp4", out="out"), ArgumentTypeError, "of type bytes"),  # type: ignore[arg-type]
        (lambda: edgeact.annotate(7, out="out"), ArgumentTypeError, "of type int"),  # type: ignore[arg-type]
        (lambda: edgeact.annotate([b"clip.mp4"], out="out"), ArgumentTypeError, "an input is b'clip.mp4'"),  # type: ignore[list-item]
        (lambda: edgeact.annotate([], out="out"), UsageError, "inputs is empty"),
        (lambda: edgeact.annotate("clip.mp4", out=""), UsageError, "out is ''"),
        (lambda: edgeact.annotate("clip.mp4", out="out", every=0), UsageError, "every is 0"),
        (lambda: edgeact.annotate("clip.mp4", out="out", config={"max_person": 2}), ConfigError, "max_person: extra"),
        (lambda: edgeact.annotate("clip.mp4", out="out", config="missing.toml"), ConfigError, "cannot be read"),
        (lambda: edgeact.annotate("clip.mp4", out="out", config=3), ArgumentTypeError, "config is 3"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_written(
    call: Callable[[], object], error: type[Exception], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        call()
    assert list(tmp_path.iterdir()) == []
