"""What the five papers report, for the column beside what is measured here.

A paper's figure stands beside a figure of the same kind also where it is of other data, because a reader asks where the
paper stands; it is then marked as not comparable, and says of what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.evaluate.report.figure_names import (
    ACC2,
    FRAME_WISE,
    HIT_POINT,
    MAX_BOX,
    MEAN_PRECISION,
    MULTI_CLIP,
    SINGLE_CLIP,
    TOP1,
    VIDEO_WISE,
)
from trainer.evaluate.report.findings import Figure


@dataclass(frozen=True, slots=True)
class Reported:
    """A figure of a paper.

    Attributes:
        figure: Its name, as in `trainer.evaluate.report.figure_names`.
        value: 0..1.
        measured_on: Data set and part, such as ``stanford40 test``.
        of: With which network on which data, and where in the paper.
        heads: The heads or maps that it is of; empty: of any.
    """

    figure: str
    value: float
    measured_on: str
    of: str
    heads: tuple[str, ...] = ()


def _streams() -> list[Reported]:
    """Of paper A, table 3, by stream."""
    of = "Stanford 40, HRNet-W32, given boxes (paper A, section 4.4, table 3)"
    values = {"image": 0.8557, "attention": 0.8538, "parts": 0.8427, "concatenation": 0.9176, "ensemble": 0.9191}
    return [Reported(MEAN_PRECISION, value, "stanford40 test", of, heads=(stream,)) for stream, value in values.items()]


def _several_actions() -> list[Reported]:
    """Of paper A, table 5, by stream."""
    of = "V-COCO's part val, HRNet-W32, given boxes (paper A, section 4.5, table 5)"
    values = {"image": 0.6459, "attention": 0.6630, "parts": 0.6250, "ensemble": 0.7236}
    return [Reported(MEAN_PRECISION, value, "vcoco val", of, heads=(stream,)) for stream, value in values.items()]


def _joints() -> list[Reported]:
    """Of paper A, table 2, by group of joints."""
    of = "MPII's validation part, HRNet-W32 (paper A, section 4.3, table 2)"
    groups = ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "mean")
    values = (0.967, 0.954, 0.887, 0.833, 0.875, 0.844, 0.794, 0.885)
    return [
        Reported(f"PCKh@0.5, {group}", value, "mpii validation", of)
        for group, value in zip(groups, values, strict=True)
    ]


_GATED = "gated 3D ResNeXt-101; the paper does not say of which set (paper C, section 5.4, table 9)"
_JHMDB = "JHMDB, 3D ResNeXt-101"
_MAPS = ("sum3dcam",)
_MPII_ACTIONS = "MPII's validation part, 393 actions, ResNet-101 with poses (paper D, section IV, table I)"
_PENN = "Penn Action, half of the videos, P = 8 and L = 4 (paper E, section 4.4, table 2)"
_REPORTED: dict[str, tuple[Reported, ...]] = {
    "A": (*_streams(), *_several_actions(), *_joints()),
    "B": (
        Reported(
            MEAN_PRECISION,
            0.9110,
            "stanford40 test",
            "Stanford 40, ResNet-50 with the mask loss, no boxes; 88.80 % without it (paper B, section 4.1, table 1)",
        ),
    ),
    "C": (
        Reported(FRAME_WISE, 0.895, "", _GATED),
        Reported(VIDEO_WISE, 0.919, "", _GATED),
        Reported(HIT_POINT, 0.991, "jhmdb", f"{_JHMDB}, all layers (paper C, section 5.1, table 3)", _MAPS),
        Reported(ACC2, 0.076, "jhmdb", f"{_JHMDB}, Sum3DCAM (paper C, section 5.1, table 5)", _MAPS),
        Reported(
            MAX_BOX,
            0.395,
            "ucf24",
            "UCF24, 3D ResNeXt-101, Sum3DCAM of conv and layer 1 (paper C, section 5.2, table 6)",
            _MAPS,
        ),
    ),
    "D": (Reported(MEAN_PRECISION, 0.316, "mpii", _MPII_ACTIONS), Reported(TOP1, 0.369, "mpii", _MPII_ACTIONS)),
    "E": (
        Reported(SINGLE_CLIP, 0.982, "penn_action test", _PENN),
        Reported(MULTI_CLIP, 0.987, "penn_action test", _PENN),
        Reported(MULTI_CLIP, 0.899, "ntu", "NTU RGB+D by person, of how many clips is not said (paper E, table 3)"),
        Reported(
            "PCKh@0.5, mean",
            0.883,
            "mpii validation",
            "MPII's validation part, P = 8 and L = 4 (paper E, section 4.5.1, table 4)",
        ),
    ),
}


def reported(letter: str | None, figure: str, head: str, data_set: str = "") -> Reported | None:
    """The paper's figure of this name for a head or map of a system; None where the paper has none. Of several, the one
    of this data set, or the first.
    """
    found = [one for one in _REPORTED.get(letter or "", ()) if one.figure == figure]
    known = [one for one in found if not one.heads or head in one.heads]
    of_set = (one for one in known if one.measured_on.split()[:1] == [data_set])
    return next(of_set, known[0] if known else None)


def beside_paper(
    letter: str | None, name: str, of: str, measured: float, *, head: str = "", measured_on: str
) -> Figure:
    """A measured share, with the paper's figure where the paper reports one.

    Args:
        letter: Of the system; None of a bundle that is of no paper.
        name: Of the figure.
        of: What it is of, for the table.
        measured: 0..1.
        head: Of the bundle, or the name of its map.
        measured_on: Data set and part: where they are not the paper's, the two are marked as not comparable.
    """
    paper = reported(letter, name, head, measured_on.split()[0])
    if paper is None:
        return Figure(name, of, measured)
    return Figure(
        name,
        of,
        measured,
        paper=paper.value,
        paper_of=paper.of,
        comparable=paper.measured_on == measured_on,
    )


def system_letter(training: Mapping[str, Any]) -> str | None:
    """The letter of the paper that a bundle's manifest names (its ``training``); None where it names none."""
    system = training.get("system")
    return system.get("letter") if isinstance(system, dict) else None
