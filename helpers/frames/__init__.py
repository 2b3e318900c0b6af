"""Reading surgery: from a folder on disk to one frame table, and from its rows to
(image, blood, valid).

HemoSet and CholecSeg8k as released, and any folder of images/ and masks/. Everything
bad ends in one CourseError.
"""

from helpers.frames.classes import CLASSES, UNKNOWN, ClassEntry, by_name
from helpers.frames.fitting import fit
from helpers.frames.indexing import COLUMNS, Index, begins_in, index, layout
from helpers.frames.packing import Packed, joined, pack
from helpers.frames.reading import read, read_classes
from helpers.frames.splits import (
    SOURCE_SPLITS,
    TARGET_SPLITS,
    WISHED_SPLITS,
    check_splits,
    split_source,
    split_target,
)

__all__ = [
    "CLASSES",
    "COLUMNS",
    "ClassEntry",
    "Index",
    "Packed",
    "SOURCE_SPLITS",
    "TARGET_SPLITS",
    "UNKNOWN",
    "WISHED_SPLITS",
    "begins_in",
    "by_name",
    "check_splits",
    "fit",
    "index",
    "joined",
    "layout",
    "pack",
    "read",
    "read_classes",
    "split_source",
    "split_target",
]
