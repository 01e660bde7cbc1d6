"""Stanford 40 Actions (Yao et al., ICCV 2011): ``JPEGImages`` (or ``images``), ``XMLAnnotations`` and ``ImageSplits``.

One person of each photo, the actor, is boxed.
"""

from pathlib import Path

from trainer.data.sample import Picture, Sample, SampleSet, one_person
from trainer.data.sets.files import existing, first_existing, read_lines, read_xml, xml_box
from trainer.data.splits import Split

_PARTS: tuple[Split, ...] = ("train", "test")


def read_stanford40(root: Path) -> SampleSet:
    """Every photo of the official lists.

    Raises:
        SourceNotFoundError, SourceFormatError: Lists or boxes are missing or damaged.
    """
    lists = existing(root / "ImageSplits", "the lists of Stanford 40")
    pictures = first_existing(root, ("JPEGImages", "images"), "the photos of Stanford 40")
    actions = tuple(sorted(path.name.removesuffix("_train.txt") for path in lists.glob("*_train.txt")))
    samples = []
    for number, action in enumerate(actions):
        for part in _PARTS:
            for name in read_lines(lists / f"{action}_{part}.txt", "the lists of Stanford 40"):
                stem = Path(name).stem
                file = root / "XMLAnnotations" / f"{stem}.xml"
                person = read_xml(file, "the boxes of Stanford 40").find("object/bndbox")
                box = None if person is None else one_person(xml_box(person, file))
                samples.append(Sample(stem, stem, Picture(pictures / name), part, (number,), boxes=box))
    return SampleSet("stanford40", tuple(samples), actions)
