"""What a bundle is, where it comes from, how well it does and what it must not be used for, as Markdown."""

from collections.abc import Sequence
from typing import Any

from deploy.lifter_card import LIFTER_CARD
from deploy.wild_card import wild_section
from edgeact.bundle.manifest import DetectionSpec, Manifest
from edgeact.bundle.plan import make_plan
from trainer.markdown import percent, table

# Terms as the sources state them; the first column is the set's name in a manifest (empty: always used).
_DATA = (
    (
        "stanford40",
        "Stanford 40 Actions (Yao et al., ICCV 2011), official training photos",
        "pose",
        "research set, photos of the web",
    ),
    (
        "lspet",
        "Leeds Sports Pose extended (Johnson & Everingham, CVPR 2011)",
        "pose",
        "photos of Flickr, no licence stated; cited",
    ),
    ("vn_everyday", "398 photos of press, streets and markets in Vietnam, seven tenths of them", "pose", "none stated"),
    ("gym_stills", "free-exercise-db, seven tenths of its exercises", "pose", "Unlicense"),
    ("stock_upright", "stock_upright, 1,000 full-body photos with COCO-17 joints", "pose", "no licence stated"),
    ("street_people", "street frames, seven tenths of their places", "pose", "research set"),
    ("coco_more", "COCO 2017, unlabelled photos (Lin et al., ECCV 2014)", "pose", "COCO terms"),
    ("coco_mini", "COCO 2017, 131 training photos: chose and calibrated", "pose", "COCO terms"),
    (
        "ut_interaction",
        "UT-Interaction (Ryoo & Aggarwal, 2010), 16 of 20 sequences",
        "pose, action",
        "public research set",
    ),
    (
        "surveillance_fights",
        "surveillance fights, four fifths of the source videos",
        "pose; action: the half without fights",
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
        "utd_mhad",
        "UTD-MHAD (Chen et al., ICIP 2015), people with odd numbers",
        "action (joints only)",
        "research set; repository states none",
    ),
    (
        "msr_action3d",
        "MSR Action3D (Li et al., CVPRW 2010), people with odd numbers",
        "action (joints only)",
        "research set",
    ),
    (
        "still_people",
        "the people of the pose sets' everyday photos, standing still",
        "action (joints only)",
        "as of those sets",
    ),
    (
        "studio",
        "motion clips of CMU, DeepMimic, Mesh2Motion, Quaternius, Kay Lousberg",
        "action (joints only)",
        "CC0, CMU (free to use) or MIT",
    ),
    (
        "studio_others",
        "motion clips of CMU and Mesh2Motion: people dance, dribble a ball and crawl",
        "action (joints only), in its last steps",
        "CMU (free to use) or CC0",
    ),
    (
        "studio_tracks",
        "rendered clips of those motions, as the bundle's own detector and pose network see them",
        "action (joints only)",
        "CC0, CMU (free to use) or MIT",
    ),
)
_TEACHERS = (
    "The joints of all pictures but those of `lspet`, `stock_upright` and `coco_mini` were named by existing networks: RTMDet-nano "
    "found the people, PP-TinyPose named their joints, in a close and a wide crop, each also mirrored; where the looks disagree, a "
    "joint counts as unknown. {second}EfficientPose named head top, neck, thorax and pelvis of `stock_upright`. Joints of `lspet` that a "
    "sure PP-TinyPose sees more than 0.3 torso lengths away train nothing."
)
_SECOND_TEACHER = (
    "MoveNet Thunder (Apache-2.0; its authors trained it on COCO and on pictures of sports and yoga) gave a second opinion on every joint: "
    "where the two networks disagree, a joint counts half. "
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
    "unseen_studio": "motions of kinds (drink, wipe a window, work on the knees) or recordings (of dancing, crawling, "
    "dribbling) never trained on",
    "ut_interaction_none": "UT-Interaction, unseen sequences, people standing about (video in)",
    "surveillance_fights": "surveillance videos without fights, unseen (video in)",
}


def pose_table(metrics: dict) -> str:
    """PCK of the pose graph and of PP-TinyPose on the same crops, per set."""
    rows = []
    for name, row in metrics["pose"].items():
        teacher = percent(row["tinypose_pck_0.2"]) if "tinypose_pck_0.2" in row else "–"
        values = (
            percent(row["pck_0.2"]),
            percent(row["pck_0.1"]),
            teacher,
            f"{row['confidence_calibration_error']:.3f}",
        )
        rows.append((_SET_NAMES.get(name, name), str(row["persons"]), *values))
    return table(
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


def action_table(metrics: dict) -> str:
    """Accuracy and open-set rates of the action graph."""
    actions = metrics["actions"]
    penn = actions["penn_action"]

    def rates(row: dict) -> tuple[str, str, str]:
        names = ("known_as_other", "known_as_wrong", "other_as_known")
        return tuple(percent(row[name]) if name in row else "–" for name in names)  # type: ignore[return-value]

    count = str(penn["sequences"])
    rows = [
        (
            "Penn Action, official test split, annotated joints, 15 classes",
            count,
            percent(penn["annotated"]),
            *rates(penn["annotated_open_set"]),
        ),
        (
            "the same with our own pose errors and dropout",
            count,
            percent(penn["noisy"]),
            *rates(penn["noisy_open_set"]),
        ),
        (
            "the same, annotated, in clips as the runtime cuts them",
            count,
            percent(penn["deployed_windows"]),
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
            accuracy = "–" if name.startswith("none") else percent(row["accuracy"])
            rows.append((name, str(row["sequences"]), accuracy, *rates(row)))
    return table(
        ("set", "sequences", "accuracy", "known called other", "known called wrong", "other called known"), rows
    )


def _size(shape: Sequence[int | str]) -> str:
    """Width × height, in words, of the pictures that a graph takes; ``shape`` is (N, H, W, 3)."""
    return "any size" if isinstance(shape[1], str) else f"{shape[2]}×{shape[1]}"


_START = """The pose network starts from
the published weights of PP-TinyPose (Apache-2.0, trained on COCO and AI Challenger by its authors)."""
_TURNED = """, and trained on by {steps}
steps of {batch} pictures: in pictures turned by quarters it learnt to find whom the published network finds in them upright. Those pictures are the
training parts of `stanford40`, `lspet`, `vn_everyday`, `gym_stills`, `stock_upright`, `street_people` and `coco_more` below, CC0 backgrounds, panoramas and
textures without people (Poly Haven, ambientCG), photos of animals (4,607 photos of a public repository, no terms stated) and scenes of ADE20K (Zhou et al., CVPR 2017; research
set). No labels of them were used. Where surely nobody is (the pictures without people; animals and scenes in which RTMDet-nano sees nobody either) it learnt that whom the published
network sees there is a mistake"""
_SLIM_START = """The pose network starts
from the channels that are worth most of the bundle `{bundle}`'s trained one, and imitates it where it is right, which sees each person
{scale:g} times as large; that one starts from the published
weights of PP-TinyPose (Apache-2.0, trained on COCO and AI Challenger by its authors)."""


_KEPT_FROM = """
All graphs but `action` and `explain` are taken over byte for byte from a bundle that an earlier version of the recipe made (digest
{digest}…, `--frames-of`); of detector, pose network and lifter both versions say the same. How those came about, and which
trainings went on from an earlier checkpoint, is told in `docs/history.md`."""
_ACTIONS_FROM = """
The graphs `action`, `explain` and `lifter` are taken over byte for byte from a bundle that an earlier version of the recipe made (digest
{digest}…, `--actions-of`); of actions and lifter both versions say the same. They learnt from what that bundle's pose network saw,
and are measured here with this one's."""

_PERSONS_FROM = """
All graphs but the detectors' are taken over byte for byte from a bundle that an earlier version of the recipe made (digest
{digest}…, `--persons-of`); of pose network, actions and lifter both versions say the same. How those came about, and which trainings went on
from an earlier checkpoint, is told in `docs/history.md`."""


def _looks(detection: DetectionSpec | None) -> str:
    """The pixels of a detector's looks in words."""
    budgets = (detection.pixels if detection else None) or ()
    return f"{' and once more at '.join(f'{pixels:,}' for pixels in budgets)} pixels"


def _trained_on(detector: dict[str, Any]) -> str:
    """How a recipe's detector was trained after its authors published it."""
    training, owner = detector.get("training"), detector.get("taken_from")
    if training is None and owner is None:
        return ""
    text = f", and trained on as the card of the bundle `{owner}` says"
    if training is not None:
        text = _TURNED.format(steps=training["steps"], batch=training["batch"])
    share = detector.get("start_share", 0.0)
    return f"{text}; {percent(share)} of the published weights are mixed in again at the end" if share else text


# By the key of the manifest's ``training``: what only was made again, and where the rest is from.
_MADE_AGAIN = {
    "frames_of": ("actions", _KEPT_FROM),
    "actions_of": ("detector and pose network", _ACTIONS_FROM),
    "persons_of": ("the detector", _PERSONS_FROM),
}


def _made_again(training: dict[str, Any]) -> tuple[str, str, str]:
    """Return the option of `edgeact deploy reproduce`, which networks were renewed, and where the others come from; empty
    texts for a bundle whose networks were all made in one run.
    """
    for key, (what, origin) in _MADE_AGAIN.items():
        if digest := training.get(key):
            only = f": {what} anew, the rest as said under Data"
            return f" --{key.replace('_', '-')}", only, origin.format(digest=digest[:12])
    return "", "", ""


def model_card(manifest: Manifest, metrics: dict) -> str:
    """The bundle's ``MODEL_CARD.md``."""
    used = {*manifest.training["data"]["pose"], *manifest.training["data"]["action"]}
    data = table(("data", "for", "terms as stated"), [row for name, *row in _DATA if name in used])
    recipe = manifest.training["recipe"]
    pose, action = recipe["pose"], recipe["action"]
    plan = make_plan(manifest, where=f"bundle {manifest.name}")
    head, clip = plan.heads[0], plan.clip
    assert clip is not None
    labels = ", ".join(f"`{label}`" for label in head.labels)
    sizes = {graph.name: _size(graph.inputs[0].shape) for graph in manifest.graphs}
    start = (
        _START if pose["start"] == "tinypose" else _SLIM_START.format(bundle=pose["start"], scale=pose["teacher_scale"])
    )
    looks = _looks(plan.detection)
    for graph in plan.detectors[1:]:
        looks += f"; beside it `{graph.name}`, the published one, at up to {_looks(graph.detection)}"
    lifter = recipe.get("lifter")
    settling = action.get("settling")
    settled = f" and {settling['steps']} more of nearly unchanged ones" if settling else ""
    runs = settling.get("runs", 1) if settling else 1
    settled += (
        f" (of {runs} such runs with other batches the one whose worst source of validation clips is told best)"
        if runs > 1
        else ""
    )
    second = _SECOND_TEACHER if "MoveNet Thunder" in manifest.training["data"].get("pose_teachers", ()) else ""
    option, only, kept_from = _made_again(manifest.training)
    hours = recipe.get("core_hours")
    takes = f" The whole recipe takes about {hours:g} hours of one core." if hours else ""
    lifting = f", lifter {lifter['steps']} steps of {lifter['batch']} clips" if lifter else ""
    lifted = any(graph.takes() == ("poses",) and graph.output("joints_3d") for graph in manifest.graphs)
    text = f"""# Model card: {manifest.name} {manifest.version}

Made {manifest.created} with `edgeact deploy reproduce{option}` from `trainer/recipes/{manifest.name}.toml`, without a step by hand{only}.{takes} Licence of the weights:
{manifest.licence}; the data below have terms of their own, and for some none are stated: check them before commercial use.

## What it is

Graphs for persons in ordinary video: `detector` (YOLOX-nano, persons only; looks at a frame at up to {looks}),
`pose` (the Lite-HRNet of PP-TinyPose, {sizes["pose"]}, {len(plan.skeleton.joints)} joints: COCO-17 and head top, upper neck, thorax, pelvis,
so that COCO-17 and MPII-16 both come out exactly), `action` (one-dimensional convolutions over {clip.length} frames of
joints, {len(head.labels)} labels) and `explain` (gradient times input of the action graph).

Labels: {labels}. `{head.other_label}` stands for everything else.

## Data

The detector's weights are those that YOLOX's authors published (Apache-2.0), trained on COCO 2017{_trained_on(recipe["detector"])}. {start}

{data}

{_TEACHERS.format(second=second)}

Training: pose {pose["steps"]} steps of {pose["batch"]} persons (from step {pose["mild_from"]} on with mild changes of the
pictures only; {percent(pose["start_share"])} of the weights that it started from are mixed in again at the end), action {action["steps"]} steps of {action["batch"]} clips{settled}{lifting}.{kept_from}

## How well it does

All tables are of the shipped ONNX files.

### Other people's pictures

{wild_section(metrics["wild"])}
The tables below are on samples of the training's own sets that were neither trained on nor used to choose anything, unless
the row says so. A figure at home says little about other people's pictures.

### Pose, on true boxes

PCK of the twelve limb joints, distance in torso lengths (mean of both shoulder-to-hip distances).

{pose_table(metrics)}

### Action

An action is *called* when it has the highest probability and reaches {head.score}; everything else is called other.
Penn Action's accuracy is over its 15 classes. Tracks of video are those that the bundle `{action["tracks_of"]}` found. Where several
clips were cut from a sequence, their probabilities are averaged.

{action_table(metrics)}

The noise is that of the pose graph on the unseen persons of `lspet` and `stock_upright` (hard photos: video is easier), held for
some frames and blended, and one joint in twelve lost for a third of the sequence; mean of three seeds.

## Thresholds

Chosen on validation samples: detection score {plan.detection.score}, action score {head.score}. Joints are drawn
from confidence {plan.joint_confidence}; confidence is the probability that a joint lies within 0.2 torso lengths of where a
human puts it: a logistic function that grows with how high the joint's map rises and with how far
the joint is from the crop's border.

## Limits

- People smaller than a tenth of the picture's height, upside down or hidden by others are found less often and posed worse.
- The action classes are those of the data sets: mostly sports and staged interactions. "Punch" is no verdict that somebody was hit.
- Sets with crowd labels (`lspet`) have 10 to 15 % of people with a wrong joint; measured accuracy includes these errors.
- The people in the data are no fair sample of all people; accuracy by age, skin colour, dress or disability was not measured.

## Not for

Deciding about people without a person who looks; identifying anybody (nothing here can); medical, legal or safety decisions.
"""
    return text + LIFTER_CARD if lifted else text
