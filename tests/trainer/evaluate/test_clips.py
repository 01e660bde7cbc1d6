"""What the runtime says of labelled clips is counted as right, wrong or nothing."""

from pathlib import Path

import pytest

from edgeact.bundle.load import load_bundle
from edgeact.errors import SourceNotFoundError
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from trainer.evaluate.clips import ClipOutcome, LabelledClip, _row, clips_table, measure_clips, read_clips, watch_clip


def write_sets(data: Path) -> None:
    """Clips of an unseen and of a seen sequence; daily life, and a fall."""
    (data / "ut_interaction/clips").mkdir(parents=True)
    (data / "urfd_clips").mkdir()
    (data / "ut_interaction/index.csv").write_text(
        "file,label,set,group\nunseen.mp4,kick,set1,seq09\nseen.mp4,kick,set1,seq01\nnone.mp4,none,set1,seq09\n"
    )
    (data / "urfd_clips/index.csv").write_text(
        "file,label,sequence,cam\nadl-01-cam0.mp4,sit,adl-01,0\nfall-01-cam0.mp4,fall,fall-01,0\n"
    )
    for name in ("ut_interaction/clips/unseen.mp4", "ut_interaction/clips/none.mp4", "urfd_clips/adl-01-cam0.mp4"):
        write_toy_video(data / name)


def test_only_clips_that_trained_nothing_measure(tmp_path: Path) -> None:
    write_sets(tmp_path)
    assert [(clip.path.name, clip.label) for clip in read_clips(tmp_path)] == [
        ("none.mp4", None),
        ("unseen.mp4", "kick"),
        ("adl-01-cam0.mp4", None),
    ]
    with pytest.raises(SourceNotFoundError, match="--data"):
        read_clips(tmp_path / "nothing")


def outcome(*events: str, followed: bool = True) -> ClipOutcome:
    return ClipOutcome(events, followed, 0.5, 1.0 if events else None)


def test_a_clip_is_right_by_its_action_and_one_of_another_action_by_silence() -> None:
    kick, other = LabelledClip("a", Path("k"), "kick"), LabelledClip("a", Path("o"), None)
    known = _row([(kick, outcome("kick", "punch")), (kick, outcome("punch")), (kick, outcome())])
    assert (known["right"], known["wrong"], known["nothing"]) == (1, 1, 1)
    unknown = _row([(other, outcome()), (other, outcome("wave")), (other, outcome(followed=False))])
    assert (unknown["right"], unknown["wrong"], unknown["followed"]) == (1, 1, 2)
    assert known["delay"] == 1.0


def test_the_runtime_is_run_over_every_clip(tmp_path: Path) -> None:
    write_sets(tmp_path / "data")
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    watched = watch_clip(bundle, read_clips(tmp_path / "data")[0])
    assert 0.0 <= watched.labelled <= 1.0
    figures = measure_clips(bundle, tmp_path / "data", progress=lambda items, _: items)
    assert [row["clips"] for row in figures["groups"].values()] == [1, 1, 1]
    assert len(clips_table(figures).rows) == 3
