"""From a folder of clips to a bundle that the runtime runs, with everything that a user's folder may hold."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from deploy.class_bundle import ClassTraining, check_place, train_class_bundle
from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions
from edgeact.bundle.load import load_bundle
from edgeact.errors import SourceFormatError, UsageError
from edgeact.verify import verify_bundle
from tests.tiny_bundle import build_tiny_bundle, tiny_picture
from tests.toy_video import Boxes, nobody, write_toy_video


def walker(speed: float) -> Callable[[float], Boxes]:
    def boxes(time: float) -> Boxes:
        return [(30 + speed * time, 40, 54 + speed * time, 120)]

    return boxes


def jumper(speed: float) -> Callable[[float], Boxes]:
    def boxes(time: float) -> Boxes:
        return [(60, 20 + speed * time, 84, 100 + speed * time)]

    return boxes


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of two people each, a clip that is none, and one in which nobody is."""
    root = tmp_path_factory.mktemp("recordings")
    for label, kind in (("walk past", walker), ("jump", jumper)):
        for person in ("anna", "ben"):
            folder = root / label / person
            folder.mkdir(parents=True)
            for number in range(2):
                boxes = kind(25.0 + 5 * number + (2 if person == "ben" else 0))
                write_toy_video(folder / f"{number}.mp4", seconds=1.2, size=(160, 144), rate=15, boxes=boxes)
    (root / "jump" / "anna" / "broken.mp4").write_bytes(b"no video")
    write_toy_video(root / "jump" / "ben" / "nobody.mp4", seconds=0.6, size=(160, 144), rate=15, boxes=nobody)
    Image.fromarray(tiny_picture(160, 144, [(60, 30, 84, 110)])).save(root / "jump" / "ben" / "still.png")
    return root


def test_a_folder_becomes_a_measured_bundle_that_annotates(recordings: Path, tmp_path: Path) -> None:
    base = load_bundle(build_tiny_bundle(tmp_path / "base"))
    said: list[str] = []
    out = tmp_path / "mine"
    asked = ClassTraining(recordings, base, tmp_path / "work", from_scratch=True, steps=20, folds=2)

    def train() -> None:
        made, report = train_class_bundle(
            asked, out, created="2026-01-31", say=said.append, progress=lambda clips, title: clips
        )
        assert made.plan.labels == ("jump", "walk past", "other")
        assert report.accuracy > 0.6
        assert sum(figures.clips for figures in report.classes.values()) == 9

    train()
    assert [line for line in said if "skipped, since it cannot be read" in line and "broken.mp4" in line]
    assert [line for line in said if "nobody was found in it" in line and "nobody.mp4" in line]
    verify_bundle(out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["training"]["classes"]["base"]["digest"] == base.digest
    assert manifest["training"]["classes"]["sources"]["jump"] == ["anna", "ben"]
    assert manifest["training"]["classes"]["recipe"]["clips"] == asked.recipe.clips.model_dump(mode="json")
    for graph in ("detector.onnx", "pose.onnx"):
        assert (out / graph).read_bytes() == (base.directory / graph).read_bytes()
    assert "| walk past | 4 |" in (out / "MODEL_CARD.md").read_text()
    clip = recordings / "walk past" / "anna" / "0.mp4"
    assert annotate([str(clip)], tmp_path / "results", AnnotateOptions(bundle=out, video=False)).exit_code == 0
    assert '"walk past"' in (tmp_path / "results" / "0.frames.jsonl").read_text()

    right = recordings / "jump" / "ben"
    asked = ClassTraining(
        recordings, load_bundle(out), tmp_path / "work", steps=2, folds=2, keeps_actions=True, right=right
    )
    made, _ = train_class_bundle(
        asked, tmp_path / "put right", created="2026-01-31", say=said.append, progress=lambda files, _: files
    )
    assert made.plan.labels == ("jump", "walk past", "other")
    kept = made.manifest.training["classes"]["kept"]
    assert kept["clips"] == 9
    assert kept["agreement"] > 0.8  # two steps change next to nothing
    assert "called rightly before" in (tmp_path / "put right" / "MODEL_CARD.md").read_text()


def test_a_base_without_a_clip_network_of_ours_says_what_to_do(recordings: Path, tmp_path: Path) -> None:
    asked = ClassTraining(recordings, load_bundle(build_tiny_bundle(tmp_path / "base")), tmp_path / "work", steps=1)
    with pytest.raises(SourceFormatError, match="--from-scratch"):
        train_class_bundle(
            asked, tmp_path / "out", created="2026-01-31", say=lambda _: None, progress=lambda clips, _: clips
        )
    assert not (tmp_path / "out").exists()


def test_nothing_but_a_bundle_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"")
    with pytest.raises(UsageError, match="holds something that is no bundle"):
        check_place(tmp_path / "photos")
    check_place(tmp_path / "new")
    check_place(build_tiny_bundle(tmp_path / "old"))
