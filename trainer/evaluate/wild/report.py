"""The figures as tables: rows of text for a terminal, for Markdown, and JSON for tools."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeact.atomic import write_text
from trainer.evaluate.wild.detectors import COMPACT_PEER, OURS
from trainer.evaluate.wild.groups import GROUPS
from trainer.markdown import table


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of the columns (the first one is that of the rows), and rows of cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def markdown(self) -> str:
        """The table in Markdown."""
        return f"### {self.title}\n\n{table(self.columns, self.rows)}\n"


def tables(figures: dict[str, Any]) -> list[Table]:
    """The tables of what `measure_wild` found."""
    return [
        _budget_table(figures["detectors"]),
        _own_threshold_table(figures["detectors"], figures["detector_times"]),
        _pose_table(figures["poses"], figures["posed_people"], figures["pose_times"]),
        _confidence_table(figures["poses"]),
        _whole_table(figures["whole"]),
        _agreement_table(figures["detectors"][OURS], figures["poses"][OURS]["agreement"]),
    ]


def write_report(figures: dict[str, Any], out: Path) -> None:
    """``wild.json`` and ``wild.md`` in a folder.

    Raises:
        OutputError: The folder cannot be written to.
    """
    text = "\n".join(table.markdown for table in tables(figures))
    counts = ", ".join(f"{name} {count}" for name, count in figures["pictures"].items())
    head = (
        f"# Other people's pictures: {figures['bundle']}\n\nThe part `{figures['split']}`, pictures: {counts}.\n"
        "Figures are percent, with 95 % intervals over resampled pictures. Times are medians in turns, one thread, the "
        "graph alone.\n\n"
    )
    write_text(out / "wild.md", head + text)
    write_text(out / "wild.json", as_json(figures))


def as_json(figures: dict[str, Any]) -> str:
    """JSON in which what could not be measured is null: NaN is no JSON."""
    return json.dumps(_without_nan(figures), indent=1, allow_nan=False) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _percent(estimate: dict[str, Any]) -> str:
    if math.isnan(estimate["value"]):
        return "–"
    return f"{100 * estimate['value']:.1f} ({100 * estimate['low']:.1f}–{100 * estimate['high']:.1f})"


def _points(estimate: dict[str, Any]) -> str:
    if math.isnan(estimate["value"]):
        return "–"
    return f"{100 * estimate['value']:+.1f} ({100 * estimate['low']:+.1f} to {100 * estimate['high']:+.1f})"


def _plain(value: float, digits: int = 2) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _budget_table(figures: dict[str, dict]) -> Table:
    names = list(figures)
    worst = [f"{100 * figures[n]['worst_source_at_budget']['value']:.1f} {_worst_name(figures[n])}" for n in names]
    rows = _people_rows(figures, "found_at_budget")
    rows.append(("the worst set", *worst))
    for peer in figures[OURS]["minus_peer_at_budget"]:
        rows.append((f"minus {peer}, COCO", *(_points(figures[n]["minus_peer_at_budget"][peer]) for n in names)))
    rows.append(("threshold", *(_plain(figures[n]["budget_threshold"], 3) for n in names)))
    title = "Detectors: people found (IoU ≥ .5) at ≤ .1 false boxes a picture"
    return Table(title, ("people", *names), tuple(rows))


def _own_threshold_table(figures: dict[str, dict], times: dict[str, float]) -> Table:
    names = list(figures)
    reference = times.get(COMPACT_PEER, math.nan)
    rows = _people_rows(figures, "found_at_own")
    rows += [
        ("threshold", *(_plain(figures[n]["own_threshold"], 3) for n in names)),
        ("mean IoU of found boxes", *(_plain(figures[n]["mean_iou"]["value"], 3) for n in names)),
        ("false boxes a labelled picture", *(_plain(figures[n]["false_boxes_labelled"]["value"]) for n in names)),
        ("false boxes an empty picture", *(_plain(figures[n]["false_boxes_empty"]["value"]) for n in names)),
        ("graph alone, ms", *(_plain(times.get(n, math.nan), 1) for n in names)),
        (f"– of {COMPACT_PEER}'s", *(_plain(times.get(n, math.nan) / reference) for n in names)),
    ]
    return Table("Detectors: people found at each one's own threshold", ("people", *names), tuple(rows))


def _people_rows(figures: dict[str, dict], section: str) -> list[tuple[str, ...]]:
    """A row for each group and set, with how many people it has."""
    titles = {**GROUPS, "coco": "both sets of COCO"}
    return [
        (f"{titles.get(key, key)} ({estimate['count']})", *(_percent(rows[section][key]) for rows in figures.values()))
        for key, estimate in figures[OURS][section].items()
    ]


def _worst_name(figures: dict) -> str:
    return f"({figures['worst_source_at_budget']['source']})"


def _pose_table(figures: dict[str, dict], people: dict[str, int], times: dict[str, float]) -> Table:
    names = list(figures)

    def both(name: str, group: str) -> str:
        wide, close = figures[name]["pck_0.2"][group], figures[name]["pck_0.1"][group]
        return "–" if math.isnan(wide["value"]) else f"{_percent(wide)} / {100 * close['value']:.1f}"

    rows = [(f"{title} ({people[group]})", *(both(name, group) for name in names)) for group, title in GROUPS.items()]
    for source in figures[OURS]["pck_0.2_by_source"]:
        rows.append((f"{source}, @.2", *(_percent(figures[name]["pck_0.2_by_source"][source]) for name in names)))
    rows += [
        ("minus TinyPose, @.2", *(_points(figures[name]["minus_tinypose_pck_0.2"]) for name in names)),
        ("graph alone, one person, ms", *(_plain(times.get(name, math.nan), 1) for name in names)),
        ("– of TinyPose's", *(_plain(times.get(name, math.nan) / times.get("TinyPose", math.nan)) for name in names)),
    ]
    return Table("Poses on true boxes: PCK@.2 / @.1 of the limb joints", ("people", *names), tuple(rows))


def _confidence_table(figures: dict[str, dict]) -> Table:
    names = list(figures)
    scores = {name: figures[name]["confidence"] for name in names}

    def spread(name: str, key: str) -> str:
        estimate = scores[name][key]
        ends = f" ({_plain(estimate['low'], 3)}–{_plain(estimate['high'], 3)})"
        return _plain(estimate["value"], 3) + (ends if estimate["count"] else "")

    rows = [
        ("AUROC", *(spread(name, "auroc") for name in names)),
        ("calibration error (ECE)", *(spread(name, "calibration_error") for name in names)),
        ("lowest value given", *(_plain(scores[name]["lowest"], 3) for name in names)),
        ("highest value given", *(_plain(scores[name]["highest"], 3) for name in names)),
    ]
    return Table("Joint confidence (right: within .2 torso lengths of a human's joint)", ("", *names), tuple(rows))


def _whole_table(figures: dict[str, dict]) -> Table:
    names = list(figures)
    ours = figures[OURS]
    rows = (
        (f"people found ({ours['found']['count']})", *(_percent(figures[name]["found"]) for name in names)),
        (
            f"limb joints right, of found and missed people ({ours['joints_right']['count']})",
            *(_percent(figures[name]["joints_right"]) for name in names),
        ),
        (
            f"ankles in the box, of found people ({ours['feet_held']['count']} of ours)",
            *(_percent(figures[name]["feet_held"]) for name in names),
        ),
        (
            f"people where nobody is, a labelled or empty picture ({ours['false_people']['count']})",
            *(_plain(figures[name]["false_people"]["value"]) for name in names),
        ),
    )
    return Table("The whole pipeline, from picture to joints, at its own thresholds", ("", *names), rows)


def _agreement_table(detector: dict, pose: dict[str, dict]) -> Table:
    own, budget = detector["agreement_at_own"], detector["agreement_at_budget"]
    rows = [
        (
            f"{source} ({own[source]['count']})",
            _percent(own[source]),
            _percent(budget[source]),
            _percent(pose[source]) if source in pose else "–",
        )
        for source in own
    ]
    columns = (
        "people on whom two teachers agree",
        "found, own threshold",
        "found, ≤ .1 false boxes",
        "joints agreeing",
    )
    return Table("Agreement of edgeact with the teachers (no peer judges itself)", columns, tuple(rows))
