"""What the five papers report, for the column beside what is measured here.

By letter of the system, data set and head: mAP or accuracy in 0..1, with the network that it is of.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reported:
    """A figure of a paper: name, value in 0..1, and with which network on which data."""

    name: str
    value: float
    of: str


_A, _B = "paper A, HRNet-W32 and MPII's poses, given boxes", "paper B, ResNet-50 with the mask loss, no boxes"
_REPORTED: dict[tuple[str, str, str], Reported] = {
    ("A", "stanford40", "image"): Reported("mAP", 0.8557, f"{_A}, table 3"),
    ("A", "stanford40", "attention"): Reported("mAP", 0.8538, f"{_A}, table 3"),
    ("A", "stanford40", "parts"): Reported("mAP", 0.8427, f"{_A}, table 3"),
    ("A", "stanford40", "concatenation"): Reported("mAP", 0.9176, f"{_A}, table 3"),
    ("A", "stanford40", "ensemble"): Reported("mAP", 0.9191, f"{_A}, table 3"),
    ("B", "stanford40", "image"): Reported("mAP", 0.9110, f"{_B}, table 1 (88.80 % without it)"),
}


def reported(letter: str | None, data_set: str, head: str) -> Reported | None:
    """The paper's figure for a head of a system on a set; None where the paper has none."""
    return _REPORTED.get((letter or "", data_set, head))
