"""The papers' figures are theirs."""

import pytest

from trainer.evaluate.report.figure_names import meanings
from trainer.evaluate.report.paper_figures import beside_paper, reported, system_letter


def test_figures_of_the_papers_tables() -> None:
    """Paper A, tables 2 and 3; B, table 1; C, tables 3, 5, 6 and 9; D, table I; E, tables 2 and 4."""
    heads = ("image", "attention", "parts", "concatenation", "ensemble")
    streams = [reported("A", "mAP", head) for head in heads]
    assert [found.value for found in streams if found] == [0.8557, 0.8538, 0.8427, 0.9176, 0.9191]
    values = {
        ("A", "PCKh@0.5, ankle", ""): 0.794,
        ("A", "PCKh@0.5, mean", ""): 0.885,
        ("B", "mAP", "image"): 0.911,
        ("C", "frame-wise accuracy", "clip"): 0.895,
        ("C", "video-wise accuracy", "clip"): 0.919,
        ("C", "hit point", "sum3dcam"): 0.991,
        ("C", "Acc2 at IoU .5", "sum3dcam"): 0.076,
        ("C", "MaxBoxAcc", "sum3dcam"): 0.395,
        ("D", "mAP", "image"): 0.316,
        ("D", "top-1 accuracy", "image"): 0.369,
        ("E", "single-clip accuracy", "clip"): 0.982,
        ("E", "multi-clip accuracy", "clip"): 0.987,
        ("E", "PCKh@0.5, mean", ""): 0.883,
    }
    assert {key: reported(*key).value for key in values} == values
    assert reported("C", "hit point", "gradcam_layer4") is None
    assert reported("B", "top-1 accuracy", "image") is None
    assert reported(None, "mAP", "image") is None
    # Of several sets that of the measurement; else the first.
    assert reported("A", "mAP", "ensemble", "vcoco").value == 0.7236
    assert reported("A", "mAP", "concatenation", "vcoco").value == 0.9176
    assert reported("E", "multi-clip accuracy", "clip", "ntu").value == 0.899


@pytest.mark.parametrize(("measured_on", "comparable"), [("stanford40 test", True), ("stanford40 validation", False)])
def test_other_data_do_not_compare(measured_on: str, comparable: bool) -> None:
    figure = beside_paper("B", "mAP", "b: scene/image", 0.5, head="image", measured_on=measured_on)
    assert (figure.paper, figure.comparable) == (0.911, comparable)
    assert "table 1" in figure.paper_of
    alone = beside_paper(None, "mAP", "b: scene/image", 0.5, head="image", measured_on=measured_on)
    assert (alone.paper, alone.comparable, alone.measured) == (None, True, 0.5)


def test_the_manifest_says_of_which_paper_a_bundle_is() -> None:
    assert system_letter({"system": {"letter": "C"}}) == "C"
    assert system_letter({}) is None


def test_the_figures_that_are_shown_are_explained() -> None:
    assert [name for name, _ in meanings(["PCKh@0.5, hip", "AP50, own boxes", "mAP"])] == ["mAP", "PCKh", "AP"]
    assert meanings(["size of its graphs"]) == []
