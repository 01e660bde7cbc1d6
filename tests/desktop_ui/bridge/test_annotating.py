import json
from pathlib import Path

from desktop_ui.bridge.annotating import Annotating
from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions
from tests.toy_video import write_toy_video


def test_the_output_is_that_of_the_command(tmp_path: Path, tiny_bundle: Path) -> None:
    clip = write_toy_video(tmp_path / "clip.mp4", seconds=0.6)
    options = AnnotateOptions(bundle=tiny_bundle)
    task = Annotating([str(clip)], tmp_path / "window", options)
    assert task.share == 0.0
    report = task.run()
    assert task.share == 1.0
    annotate([str(clip)], tmp_path / "command", options)
    assert [path.name for path in report.results[0].outputs] == ["clip.mp4", "clip.events.csv", "clip.frames.jsonl"]
    for name in ("clip.mp4", "clip.events.csv"):
        assert (tmp_path / "window" / name).read_bytes() == (tmp_path / "command" / name).read_bytes()
    lines = [(tmp_path / where / "clip.frames.jsonl").read_text().splitlines() for where in ("window", "command")]
    assert lines[0][1:] == lines[1][1:]
    headers = [json.loads(one[0]) | {"created": ""} for one in lines]
    assert headers[0] == headers[1]
