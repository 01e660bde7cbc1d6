"""The names of an evaluation's figures, and in a sentence what each says: the page lists those that it shows."""

from collections.abc import Iterable

MEAN_PRECISION, TOP1 = "mAP", "top-1 accuracy"
SINGLE_CLIP, MULTI_CLIP = "single-clip accuracy", "multi-clip accuracy"
FRAME_WISE, VIDEO_WISE = "frame-wise accuracy", "video-wise accuracy"
ANSWERED = "frames with an answer"
POINTING, HIT_POINT, ACC2, MAX_BOX = "pointing game", "hit point", "Acc2 at IoU .5", "MaxBoxAcc"
CALL_TIME, FRAME_TIME = "time of a call", "time of a frame"

_MEANINGS = {
    MEAN_PRECISION: "mean over the actions of the area under precision and recall",
    TOP1: "share of samples whose likeliest action is right",
    SINGLE_CLIP: "share of videos that are right by the clip in their middle alone",
    MULTI_CLIP: "share of videos that are right by the mean of their clips, which lie half over each other",
    FRAME_WISE: "share of frames that are right: each has the answer that was given there, or of the nearest clip",
    VIDEO_WISE: "share of videos that are right by the mean of their frames' answers",
    ANSWERED: "share of frames in which anybody is judged: the first ones of a video show too little",
    POINTING: "share of maps whose highest place lies in a box, the mean over the actions",
    HIT_POINT: "share of maps whose part from half of their maximum on touches a box",
    ACC2: "share of maps one of whose regions overlaps a box by half, where the action is right too",
    MAX_BOX: "share of maps whose largest region overlaps a box, at the one threshold that is best for all, the mean "
    "over IoU .3, .5 and .7, of clips .05 to .5",
    CALL_TIME: "median of one call of the graph",
    FRAME_TIME: "mean of everything that is done for a frame of a video",
    "PCKh": "share of joints within half a head's length of where they are labelled",
    "PCK of the torso": "share of joints within a fifth of the torso's length of where they are labelled",
    "area under": "area under the curve of the right joints, from 0 to .5 lengths, over that range",
    "AP": "average precision of poses by the similarity of their joints, as COCO counts it (AP50, AP75: at .5, .75)",
}


def meanings(names: Iterable[str]) -> list[tuple[str, str]]:
    """The figures among these names, each with what it says; a name may go on after a figure (``PCKh@0.5, hip``)."""
    shown = list(names)
    return [(figure, said) for figure, said in _MEANINGS.items() if any(_names(figure, name) for name in shown)]


def _names(figure: str, name: str) -> bool:
    rest = name.removeprefix(figure)
    return rest != name and (not rest or not rest[0].isalpha())
