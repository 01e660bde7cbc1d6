"""What a bundle is, where it comes from, how well it does and what it must not be used for, as Markdown."""

import textwrap

from edgeact.bundle import Manifest

# Terms as the sources state them; the first column is the set's name in a manifest (empty: always used).
_DATA = (
    (
        "lspet",
        "Leeds Sports Pose extended (Johnson & Everingham, CVPR 2011)",
        "pose, detector",
        "photos of Flickr, no licence stated; cited",
    ),
    (
        "stock_upright",
        "stock_upright, 1,000 full-body photos with COCO-17 joints",
        "pose, detector",
        "no licence stated",
    ),
    (
        "coco_mini",
        "COCO 2017, the 80 training images of a 159-image sample (Lin et al., ECCV 2014)",
        "pose, detector",
        "COCO terms",
    ),
    (
        "ut_interaction",
        "UT-Interaction (Ryoo & Aggarwal, 2010), 16 of 20 sequences",
        "pose, detector, action",
        "public research set",
    ),
    (
        "surveillance_fights",
        "surveillance fights, four fifths of the source videos",
        "pose, detector; action: the half without fights",
        "footage of public video sites",
    ),
    (
        "penn_action",
        "Penn Action (Zhang et al., ICCV 2013), official training split",
        "action (joints only)",
        "research set",
    ),
    ("jhmdb", "JHMDB (Jhuang et al., ICCV 2013), split 1, 14 classes", "action (joints only)", "MIT repository"),
    (
        "utkinect",
        "UTKinect-Action3D (Xia et al., CVPRW 2012), eight of ten persons",
        "action (joints only)",
        "MIT repository",
    ),
    (
        "studio",
        "motion clips of CMU, DeepMimic, Mesh2Motion, Quaternius, Kay Lousberg",
        "action (joints only)",
        "CC0, CMU (free to use) or MIT",
    ),
    ("", "scene backgrounds of Poly Haven and ambientCG", "detector (nobody in them)", "CC0"),
)
_TEACHERS = (
    "Boxes of videos and photos, and the joints of video frames, were named by existing networks (a COCO person detector, PP-TinyPose, "
    "EfficientPose for head top, neck, thorax and pelvis) and are used as labels."
)
_SET_NAMES = {
    "stock_upright": "stock_upright (unseen fifth)",
    "lspet": "lspet (unseen tenth, near-duplicates removed from training)",
    "coco_mini": "COCO val2017 sample",
    "ut_interaction": "UT-Interaction, unseen sequences (agreement with the teacher)",
    "surveillance_fights": "surveillance fights, unseen videos (agreement with the teacher)",
}
_UNKNOWN_NAMES = {
    "nwucla": "NW-UCLA, three cameras (measured only)",
    "unseen_studio": "motions of kinds never trained on (dance, crawl, wipe a window, …)",
    "ut_interaction_none": "UT-Interaction, unseen sequences, people standing about (video in)",
    "surveillance_fights": "surveillance videos without fights, unseen (video in)",
}


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def pose_table(metrics: dict) -> str:
    """PCK of the pose graph and of PP-TinyPose on the same crops, per set."""
    rows = []
    for name, row in metrics["pose"].items():
        teacher = _percent(row["tinypose_pck_0.2"]) if "tinypose_pck_0.2" in row else "–"
        values = (
            _percent(row["pck_0.2"]),
            _percent(row["pck_0.1"]),
            teacher,
            f"{row['confidence_calibration_error']:.3f}",
        )
        rows.append((_SET_NAMES.get(name, name), str(row["persons"]), *values))
    return _table(
        (
            "set",
            "persons",
            "PCK@0.2",
            "PCK@0.1",
            "PP-TinyPose PCK@0.2, same crops",
            "calibration error of the confidence",
        ),
        rows,
    )


def detector_table(metrics: dict) -> str:
    """Average precision of the detector graph, per set."""
    rows = [
        (
            name,
            str(row["persons"]),
            _percent(row["ap_50"]),
            _percent(row["ap"]),
            _percent(row["recall_at_threshold"]),
            f"{row['false_boxes_per_image']:.2f}",
        )
        for name, row in metrics["detector"].items()
    ]
    return _table(
        (
            "set (unseen part)",
            "persons",
            "AP at IoU .5",
            "AP .5 to .95",
            "found at the threshold",
            "false boxes an image",
        ),
        rows,
    )


def action_table(metrics: dict) -> str:
    """Accuracy and open-set rates of the action graph."""
    actions = metrics["actions"]
    penn = actions["penn_action"]

    def rates(row: dict) -> tuple[str, str, str]:
        names = ("known_as_other", "known_as_wrong", "other_as_known")
        return tuple(_percent(row[name]) if name in row else "–" for name in names)  # type: ignore[return-value]

    count = str(penn["sequences"])
    rows = [
        (
            "Penn Action, official test split, annotated joints, 15 classes",
            count,
            _percent(penn["annotated"]),
            *rates(penn["annotated_open_set"]),
        ),
        (
            "the same with our own pose errors and dropout",
            count,
            _percent(penn["noisy"]),
            *rates(penn["noisy_open_set"]),
        ),
        (
            "the same, annotated, in clips as the runtime cuts them",
            count,
            _percent(penn["deployed_windows"]),
            "–",
            "–",
            "–",
        ),
    ]
    groups = {
        "JHMDB split 1 (also chose the threshold)": actions["jhmdb_split1"],
        "UT-Interaction, unseen sequences, video in, action out": actions["ut_interaction_tracks"],
        "studio motion, unseen subject": actions["studio_motion"],
    } | {f"none of the classes: {_UNKNOWN_NAMES.get(name, name)}": row for name, row in actions["unknown"].items()}
    for name, row in groups.items():
        if row["sequences"]:
            accuracy = "–" if name.startswith("none") else _percent(row["accuracy"])
            rows.append((name, str(row["sequences"]), accuracy, *rates(row)))
    return _table(
        ("set", "sequences", "accuracy", "known called other", "known called wrong", "other called known"), rows
    )


def rounding_text(manifest: Manifest) -> str:
    """Which graphs are rounded to eight bits, and what that cost on validation samples; empty for a bundle of floats."""
    rounded = [f"`{graph.name}`" for graph in manifest.graphs if graph.precision == "int8"]
    if not rounded:
        return ""
    rounding = manifest.training["rounding"]
    rows = [(name, _percent(value), _percent(rounding["int8"][name])) for name, value in rounding["float32"].items()]
    table = _table(("validation samples, PCK@0.2 or AP at IoU .5", "float32", "eight bits"), rows)
    return f"""
### Eight bits

Most convolutions of {" and ".join(rounded)} are rounded to eight bits; training pictures gave the ranges. What that costs:

{table}
"""


def _paragraph(text: str) -> str:
    """The text in lines of at most 140 characters after an empty one; empty for none."""
    return f"\n{textwrap.fill(text, 140)}\n" if text else ""


def model_card(manifest: Manifest, metrics: dict) -> str:
    """The bundle's ``MODEL_CARD.md``."""
    used = {"", *manifest.training["data"]["pose"], *manifest.training["data"]["action"]}
    data = _table(("data", "for", "terms as stated"), [row for name, *row in _DATA if name in used])
    recipe = manifest.training["recipe"]
    detector, pose, action = recipe["detector"], recipe["pose"], recipe["action"]
    cycles = ", ".join(str(end) for end in pose["cycles"])
    teacher = pose["teacher"]
    labels = ", ".join(f"`{label}`" for label in manifest.labels)
    calibration = manifest.calibration
    return f"""# Model card: {manifest.name} {manifest.version}

Made {manifest.created} with `edgeact deploy reproduce` from `trainer/recipes/compact.toml`. Licence of the weights:
{manifest.licence}; the data below have terms of their own, and for some none are stated: check them before commercial use.
{_paragraph(recipe.get("history", ""))}
## What it is

Four graphs for persons in ordinary video: `detector` (MobileNetV2, stride 8, 416×256), `pose` (a slimmed PP-TinyPose,
128×160, {len(manifest.joints)} joints: COCO-17 and head top, upper neck, thorax, pelvis, so that COCO-17 and MPII-16 both come out
exactly), `action` (one-dimensional convolutions over {manifest.clip.length} frames of joints, {len(manifest.labels)} labels) and `explain`
(gradient times input of the action graph).

Labels: {labels}. `{manifest.other_label}` stands for everything else.

## Data

{data}

{_TEACHERS}

Training: detector {detector["steps"]} steps of {detector["batch"]}, pose {pose["cycles"][-1]} steps of {pose["batch"]} (cycles ending at
{cycles}; from step {pose["mild_from"]} on with mild changes of the pictures only), action {action["steps"]} steps of
{action["batch"]}. The detector's backbone starts from ImageNet weights, and its first three blocks keep them. The pose network
starts from the weights of PP-TinyPose (Apache-2.0), of which it leaves out what changes its joint maps least.
{_percent(teacher["share"])} of its loss compares its joint maps with those of a teacher: the whole of PP-TinyPose on the same crops,
enlarged to 192×256, trained on the same persons for {teacher["steps"]} steps before.

## How well it does

Everything is measured on the shipped ONNX files, on samples that were neither trained on nor used to choose anything, unless the
row says so.

### Pose, on true boxes

PCK of the twelve limb joints, distance in torso lengths (mean of both shoulder-to-hip distances).

{pose_table(metrics)}

### Detector

{detector_table(metrics)}

Boxes of all sets but COCO were named by a teacher network. COCO's sample has many people under 20 pixels, which the 416×256
input cannot show.

### Action

An action is *called* when it has the highest probability and reaches {calibration.action_score}; everything else is called other.
Penn Action's accuracy is over its 15 classes. Where several clips were cut from a sequence, their probabilities are averaged.

{action_table(metrics)}

The noise is that of the pose graph on the unseen persons of `lspet` and `stock_upright` (hard photos: video is easier), held for
some frames and blended, and one joint in twelve lost for a third of the sequence; mean of three seeds.
{rounding_text(manifest)}
## Thresholds

Chosen on validation samples: detection score {calibration.detection_score}, action score {calibration.action_score}. Joints are drawn
from confidence {calibration.joint_confidence}; confidence is the probability that a joint lies within 0.2 torso lengths, fitted per joint.

## Limits

- People smaller than a fifth of the picture's height, upside down, lying or hidden by others are found less often and posed worse.
- The action classes are those of the data sets: mostly sports and staged interactions. "Punch" is no verdict that somebody was hit.
- Sets with crowd labels (`lspet`) have 10 to 15 % of people with a wrong joint; measured accuracy includes these errors.
- The people in the data are no fair sample of all people; accuracy by age, skin colour, dress or disability was not measured.

## Not for

Deciding about people without a person who looks; identifying anybody (nothing here can); medical, legal or safety decisions.
"""
