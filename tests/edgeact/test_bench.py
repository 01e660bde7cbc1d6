"""The benchmark on a small video: what it measures, and that it says it in a table and in JSON."""

import json
from pathlib import Path

import pytest

from edgeact import cli
from edgeact.bench import BENCH_VERSION, bench
from edgeact.errors import UsageError
from tests.toy_video import write_toy_video


def test_all_is_measured_in_one_run(tmp_path: Path, tiny_bundle: Path) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", seconds=2.0)
    steps: list[str] = []
    report = bench(source, repeats=2, bundle_directory=tiny_bundle, on_step=steps.append)
    assert steps == [
        f"{name} ({repeat} of 2)" for repeat in (1, 2) for name in ("decode", "decode+encode", "full pipeline")
    ]
    assert (report.frames, report.width, report.height, report.repeats) == (50, 320, 240, 2)
    assert report.media_seconds == pytest.approx(49 / 25, abs=1e-3)
    assert 0 < report.decode.seconds < report.full.seconds
    assert 0 < report.decode_encode.seconds < report.full.seconds
    assert report.ratio > 1
    assert report.full.frames_per_second == pytest.approx(50 / report.full.seconds, rel=0.01)
    assert {"capture", "detect", "pose", "render", "video", "frames", "events"} <= set(report.stages)
    assert all(times["p50_ms"] <= times["p95_ms"] for times in (*report.stages.values(), report.frame_age))
    assert report.stages["capture"]["count"] == 50
    assert report.stages["detect"]["count"] <= 50
    assert report.peak_memory >= report.idle_memory > 2**20
    assert report.persons_per_frame == 1
    assert report.versions["edgeact"]
    assert list(tmp_path.iterdir()) == [source]


def test_seconds_limit_the_part_that_is_measured(tmp_path: Path, tiny_bundle: Path) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", seconds=2.0)
    report = bench(source, seconds=0.4, repeats=1, bundle_directory=tiny_bundle)
    assert report.frames == 10


def test_numbers_out_of_range(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="repeat is 0"):
        bench(tmp_path / "clip.mp4", repeats=0)


@pytest.mark.parametrize("target", ["file", "-"])
def test_the_command_prints_tables_and_json(
    target: str, tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.4)
    path = tmp_path / "bench.json"
    where = str(path) if target == "file" else "-"
    with pytest.raises(SystemExit) as stopped:
        cli.main(["bench", str(source), "--repeat", "1", "--json", where, "--bundle", str(tiny_bundle)])
    assert stopped.value.code == 0
    captured = capsys.readouterr()
    data = json.loads(path.read_text() if target == "file" else captured.out)
    assert data["bench_version"] == BENCH_VERSION
    assert data["file"] == "clip.mp4"
    tables = captured.out if target == "file" else captured.err
    for words in ("decode+encode", "full pipeline", "p95 ms", "capture", "memory:", "machine:"):
        assert words in tables


def test_a_missing_file_is_an_error_of_its_own(
    tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["bench", str(tmp_path / "missing.mp4"), "--bundle", str(tiny_bundle)])
    assert stopped.value.code == 10
    assert "missing.mp4" in capsys.readouterr().err.splitlines()[-1]
