"""What networks learn from is made of the samples of either layout of a set."""

from pathlib import Path

import pytest

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.sets.layouts import write_clip
from trainer.data.clip_batches import read_clips
from trainer.data.labelled_samples import lspet_poses, stanford40, ut_interaction


def test_the_official_clips_of_ut_interaction_are_read_too(tmp_path: Path) -> None:
    for name in ("0_1_4", "9_9_2"):
        write_clip(tmp_path / "segmented_set1" / f"{name}.avi")
    samples, names = ut_interaction(tmp_path)
    assert [(names[sample.label], sample.split) for sample in samples] == [("punch", "train"), ("kick", "test")]
    assert len(read_clips(samples, 16)) == 2


def test_stanford40_has_a_held_out_part_and_names(tmp_path: Path) -> None:
    rows = [f"{action}_{n:03d}.jpg,{action},train,90,120,1,2,30,40" for action in ("run", "eat") for n in range(30)]
    rows.append("eat_900.jpg,eat,test,90,120,1,2,30,40")
    (tmp_path / "labels.csv").write_text("\n".join(["file,action,split,width,height,x,y,w,h", *rows]))
    samples, names = stanford40(tmp_path)
    assert names == ("eat", "run")
    assert {sample.split for sample in samples} == {"train", "validation", "test"}
    assert samples[0].box.tolist() == [1, 2, 31, 42]
    assert samples[0].label == 1


@pytest.mark.parametrize("read", [stanford40, lspet_poses, ut_interaction])
def test_a_missing_set_is_named(tmp_path: Path, read: object) -> None:
    with pytest.raises(SourceNotFoundError, match="give the folder "):
        read(tmp_path)  # type: ignore[operator]
