"""Reading surgery: from a folder on disk to one frame table, and from its rows to
(image, blood, valid, classes).

>>> table = split_source(index("data/hemoset").table, seed=0)
>>> train = pack(table, size=(96, 128)).of("train")
>>> image, blood, valid, classes = read(table.iloc[0])

What is bad ends in one CourseError.
"""

from helpers.frames.packing import (
    Packed,
    joined,
    pack,
    split_source,
    split_target,
    visible,
)
from helpers.frames.reading import CLASSES, UNKNOWN, fit, fitted, named, read
from helpers.frames.table import COLUMNS, begins_in, index, layout
