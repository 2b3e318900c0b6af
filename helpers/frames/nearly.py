"""What somebody probably meant whose folder is nearly right."""

import os
from pathlib import Path

from helpers.frames.bad import printable

_IMAGES = {"images", "image", "imgs", "img", "frames", "pictures"}
_MASKS = {"masks", "mask", "labels", "label", "annotations", "segmentations", "gt"}


def advice(folder: Path) -> str:
    """The end of a sentence that says how to mend a folder, or "" where nothing is
    nearly right.
    """
    try:
        inside = sorted(os.listdir(folder))
    except OSError:
        return ""
    sides = [
        [name for name in inside if name.lower() in names and (folder / name).is_dir()]
        for names in (_IMAGES, _MASKS)
    ]
    if all(sides):
        if folder.name.lower().startswith("pig"):
            return (
                "it looks like one pig of HemoSet, so give the path of the folder that "
                "holds it."
            )
        found = " and ".join(f"{printable(names[0])}/" for names in sides)
        return f"its {found} are nearly right, so rename them to images/ and masks/."
    stems = {os.path.splitext(name)[0]: name for name in inside}
    for stem, name in stems.items():
        if stem.endswith("_mask") and stem.removesuffix("_mask") in stems:
            return (
                f"{printable(name)} stands beside its image, so put the images into "
                "images/ and the masks into masks/."
            )
    return ""
