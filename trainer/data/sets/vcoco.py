"""V-COCO (Gupta and Malik, 2015): verbs of COCO's people, ``data/vcoco/vcoco_PART.json``, with COCO's 2014 boxes.

A sample is one person, who may do several of the 26 things at once, or none.
"""

from pathlib import Path
from typing import Any

from trainer.data.sample import Picture, Sample, SampleSet, one_person
from trainer.data.sets.coco import SPLITS, box_of
from trainer.data.sets.files import existing, first_existing, read_json_file

_BOXES = ("data/instances_vcoco_all_2014.json", "coco/annotations/instances_vcoco_all_2014.json")
_WHAT = "the annotations of V-COCO"


def read_vcoco(root: Path, pictures: Path) -> SampleSet:
    """Every person of the three parts.

    Args:
        root: The repository ``v-coco`` with its data.
        pictures: COCO's folder with ``train2014`` and ``val2014``.

    Raises:
        SourceNotFoundError: Annotations or a folder of pictures are missing.
        SourceFormatError: Annotations are damaged.
    """
    coco = read_json_file(first_existing(root, _BOXES, _WHAT), _WHAT)
    boxes = {person["id"]: person["bbox"] for person in coco["annotations"]}
    files = {picture["id"]: picture["file_name"] for picture in coco["images"]}
    verbs_of: dict[tuple[str, int], set[int]] = {}
    picture_of: dict[int, int] = {}
    actions: list[str] = []
    for part in SPLITS:
        verbs: list[dict[str, Any]] = read_json_file(root / "data" / "vcoco" / f"vcoco_{part}.json", _WHAT)
        actions = actions or [verb["action_name"] for verb in verbs]
        for verb in verbs:
            number = actions.index(verb["action_name"])
            for person, picture, does in zip(verb["ann_id"], verb["image_id"], verb["label"], strict=True):
                picture_of[person] = picture
                done = verbs_of.setdefault((part, person), set())
                if does:
                    done.add(number)
    folder_of = {file: pictures / ("train2014" if "train2014" in file else "val2014") for file in files.values()}
    for folder in sorted({folder_of[files[picture]] for picture in picture_of.values()}):
        existing(folder, "pictures of COCO 2014, which V-COCO speaks of")
    samples = []
    for (part, person), done in verbs_of.items():
        file = files[picture_of[person]]
        samples.append(
            Sample(
                f"{Path(file).stem}#{person}",
                Path(file).stem,
                Picture(folder_of[file] / file),
                SPLITS[part],
                tuple(sorted(done)),
                boxes=one_person(box_of(boxes[person])),
            )
        )
    return SampleSet("vcoco", tuple(samples), tuple(actions))
