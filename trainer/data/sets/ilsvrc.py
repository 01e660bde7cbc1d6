"""ImageNet's localisation task (Russakovsky et al., IJCV 2015), as ILSVRC is packed since 2017: ``ImageSets/CLS-LOC``,
``Annotations/CLS-LOC`` and ``Data/CLS-LOC``, with ``LOC_synset_mapping.txt`` beside or above them.

Not every training photo has boxes; one photo may have several of its class. VOC's boxes count pixels from 0 here.
"""

from pathlib import Path

import numpy as np

from trainer.data.sample import Picture, Sample, SampleSet
from trainer.data.sets.files import existing, first_existing, read_lines, read_xml, xml_box, xml_text
from trainer.data.splits import Split

_WHAT = "the localisation task of ILSVRC"


def read_ilsvrc(root: Path, *, parts: tuple[Split, ...] = ("validation",)) -> SampleSet:
    """The photos of the parts (``train``, ``validation``); a validation photo's class is that of its boxes.

    Raises:
        SourceNotFoundError, SourceFormatError: Lists, or boxes of validation photos, are missing or damaged.
    """
    mapping = first_existing(root, ("LOC_synset_mapping.txt", "../LOC_synset_mapping.txt"), _WHAT)
    synsets = [line.split(maxsplit=1)[0] for line in read_lines(mapping, _WHAT)]
    samples = []
    for part in parts:
        folder, name = ("train", "train_loc.txt") if part == "train" else ("val", "val.txt")
        for line in read_lines(existing(root / "ImageSets" / "CLS-LOC" / name, _WHAT), _WHAT):
            stem = line.split()[0]
            file = root / "Annotations" / "CLS-LOC" / folder / f"{stem}.xml"
            boxed = _boxes(file) if file.is_file() or part != "train" else {}
            synset = stem.split("/")[0] if part == "train" else next(iter(boxed))
            boxes = boxed.get(synset)
            picture = Picture(root / "Data" / "CLS-LOC" / folder / f"{stem}.JPEG")
            actions = (synsets.index(synset),)
            samples.append(Sample(stem, stem, picture, part, actions, boxes=None if boxes is None else boxes[None]))
    return SampleSet("ilsvrc", tuple(samples), tuple(synsets))


def _boxes(file: Path) -> dict[str, np.ndarray]:
    """By class, the boxes ``(P, 4)`` of one photo."""
    found: dict[str, list[list[float]]] = {}
    for thing in read_xml(file, _WHAT).iter("object"):
        box = thing.find("bndbox")
        if box is not None:
            found.setdefault(xml_text(thing, "name", file), []).append(xml_box(box, file))
    return {name: np.asarray(rows, np.float32) for name, rows in found.items()}
