"""What a re-enactment is made of: the split by frames beside the split by pigs, and
a label read wrongly."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.errors import CourseError
from helpers.frames import CLASSES, Packed
from helpers.frames.classes import UNKNOWN


class BothWays(NamedTuple):
    """Two training sets of one size for the same test frames; `shared` is how many
    come from the tested pigs."""

    by_pigs: Packed
    by_frames: Packed
    id_val: Packed
    test: Packed
    shared: int


def both_ways(source: Packed, seed: int) -> BothWays:
    """Two training sets of the same size, to be tested on the same frames.

    Every second frame of each clip of the id_test pigs is the test. by_pigs: the train
    pigs, as everywhere in the course. by_frames: the other frames of the tested pigs
    too, as a shuffle of frames would have it, and as many fewer, drawn by `seed`, of
    the train pigs. The epoch is chosen on the id_val pigs both times, so that the
    training frames are all that differs. CourseError where no clip of a tested pig has
    a second frame, or the train pigs have too few frames.
    """
    table = source.table.reset_index(drop=True)
    ordered = table.sort_values(["subject", "clip", "frame"], kind="stable")
    second = (
        (ordered.groupby(["subject", "clip"], sort=False).cumcount() % 2 == 1)
        .reindex(table.index)
        .to_numpy()
    )
    tested, train = (
        (table["split"] == "id_test").to_numpy(),
        (table["split"] == "train").to_numpy(),
    )
    neighbours = tested & second
    shared, size = int(neighbours.sum()), int(train.sum())
    if not 0 < shared < size:
        raise CourseError(
            f"A split by frames needs neighbours of the tested frames and fewer of "
            f"them than training "
            f"frames, but there are {shared} and {size}; take a data set with several "
            f"frames to a clip."
        )
    kept = np.random.default_rng([abs(int(seed)), 2]).choice(
        np.flatnonzero(train), size - shared, replace=False
    )
    chosen = neighbours.copy()
    chosen[kept] = True
    return BothWays(
        source.where(train),
        source.where(chosen),
        source.of("id_val"),
        source.where(tested & ~second),
        shared,
    )


def puzzle(
    frames: pd.DataFrame | None, ours: Packed, seed: int = 0
) -> tuple[pd.DataFrame, pd.Series]:
    """(areas, scored): each class's area by frame in percent, and the area that was
    scored as blood.

    frames: the published rows; where they are not here, frames of our own are scored
    with one of their classes, drawn by `seed`, which is neither blood nor the surround.
    Frames of one's own know no classes: for them areas are drawn by chance.
    """
    names = [entry.name.lower() for entry in CLASSES]
    if frames is not None:
        return frames[names], frames["scored"]
    classes, rng = np.asarray(ours.classes), np.random.default_rng([abs(int(seed)), 5])
    if (classes == UNKNOWN).all():
        by_chance = rng.dirichlet(np.ones(len(names)), len(classes))
        areas = pd.DataFrame(100 * by_chance, columns=names)
    else:
        areas = pd.DataFrame(
            {
                entry.name.lower(): 100 * (classes == entry.id).mean(axis=(1, 2))
                for entry in CLASSES
            }
        )
    there = [
        name
        for name in names
        if areas[name].mean() > 1 and name not in ("blood", "black background")
    ]
    return areas, areas[str(rng.choice(there))].rename("scored")
