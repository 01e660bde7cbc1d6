"""What the model card of a bundle says of other people's pictures."""

from typing import Any

from trainer.markdown import percent, table

_INTRODUCTION = """\
On {pictures} pictures of sets of which these parts trained nothing and choose nothing (`docs/history.md` names
the decisions at which some of these figures were known already), beside published networks, in one run of
`edgeact train wild`: people that humans boxed ({boxes}, of them {coco} in COCO) and found with IoU ≥ .5, each network
at the score at which it draws at most .1 false boxes a picture; joints of {joints} people of COCO on true boxes.
Intervals are 95 %, over pictures; times are of the graphs alone, one thread, in turns. More, by group and set, is in
`docs/results.md`.
"""


def wild_section(wild: dict[str, Any]) -> str:
    """Two tables, of detectors and of pose networks.

    Args:
        wild: See `trainer.evaluate.wild.summary.summarise`.
    """
    detectors = [
        (
            name,
            _interval(row["coco"], row["coco_interval"]),
            percent(row["all"]),
            _plain(row["mean_iou"], 3),
            _plain(row["time"], 2),
        )
        for name, row in wild["detectors"].items()
    ]
    poses = [
        (
            name,
            _interval(row["pck_0.2"], row["pck_0.2_interval"]),
            percent(row["pck_0.1"]),
            _plain(row["auroc"], 3),
            _plain(row["calibration_error"], 3),
            "–" if None in row["confidence_range"] else "{:.3f} to {:.3f}".format(*row["confidence_range"]),
            _plain(row["time"], 2),
        )
        for name, row in wild["poses"].items()
    ]
    found = table(("detector", "COCO, found", "all sets, found", "mean IoU", "÷ RTMDet-nano 320's time"), detectors)
    posed = table(("poses", "PCK@.2", "PCK@.1", "confidence: AUROC", "ECE", "from, to", "÷ TinyPose's time"), poses)
    return f"{_INTRODUCTION.format(pictures=wild['pictures'], **wild['people'])}\n{found}\n\n{posed}\n"


def _interval(value: float | None, interval: list[float | None]) -> str:
    low, high = interval
    return "–" if None in (value, low, high) else f"{percent(value)} ({100 * low:.1f}–{100 * high:.1f})"


def _plain(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
