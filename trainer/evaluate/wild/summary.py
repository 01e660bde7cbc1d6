"""The few figures of the yardstick that a model card shows: ours and the published networks', in one run."""

import math
from typing import Any

from trainer.evaluate.wild.detectors import COMPACT_PEER, OURS
from trainer.evaluate.wild.poses import TINYPOSE


def summarise(figures: dict[str, Any]) -> dict[str, Any]:
    """What `trainer.evaluate.wild.run.measure_wild` found, in a few numbers.

    Returns:
        ``pictures``, ``people`` (with boxes, in both sets of COCO, with joints), and for each network of ``detectors``
        and ``poses`` its figures as shares; an interval or range is ``[low, high]``, a time a multiple of RTMDet-nano
        320's or TinyPose's. None stands for what could not be measured, or is no network of its own.
    """
    detectors, poses = figures["detectors"], figures["poses"]
    ours = detectors[OURS]["found_at_budget"]
    return {
        "pictures": sum(figures["pictures"].values()),
        "people": {
            "boxes": ours["all"]["count"],
            "coco": ours["coco"]["count"],
            "joints": figures["posed_people"]["all"],
        },
        "detectors": {
            name: {
                "coco": _number(row["found_at_budget"]["coco"]["value"]),
                "coco_interval": _interval(row["found_at_budget"]["coco"]),
                "all": _number(row["found_at_budget"]["all"]["value"]),
                "mean_iou": _number(row["mean_iou"]["value"]),
                "time": _ratio(figures["detector_times"], name, COMPACT_PEER),
            }
            for name, row in detectors.items()
        },
        "poses": {
            name: {
                "pck_0.2": _number(row["pck_0.2"]["all"]["value"]),
                "pck_0.2_interval": _interval(row["pck_0.2"]["all"]),
                "pck_0.1": _number(row["pck_0.1"]["all"]["value"]),
                "auroc": _number(row["confidence"]["auroc"]["value"]),
                "calibration_error": _number(row["confidence"]["calibration_error"]["value"]),
                "confidence_range": [_number(row["confidence"][end]) for end in ("lowest", "highest")],
                "time": _ratio(figures["pose_times"], name, TINYPOSE),
            }
            for name, row in poses.items()
        },
    }


def _number(value: float | None) -> float | None:
    return round(value, 4) if value is not None and math.isfinite(value) else None


def _interval(estimate: dict[str, Any]) -> list[float | None]:
    return [_number(estimate["low"]), _number(estimate["high"])]


def _ratio(times: dict[str, float], name: str, peer: str) -> float | None:
    return _number(times[name] / times[peer]) if name in times else None
