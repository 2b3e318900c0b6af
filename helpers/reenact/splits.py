"""The split by frames beside the split by pigs, so that nothing else differs between them."""

from typing import NamedTuple

import numpy as np

from helpers.errors import CourseError
from helpers.frames import Packed


class BothWays(NamedTuple):
    """Two training sets of one size for the same test frames; `shared` is how many come from the tested
    pigs."""

    by_pigs: Packed
    by_frames: Packed
    id_val: Packed
    test: Packed
    shared: int


def both_ways(source: Packed, seed: int) -> BothWays:
    """Two training sets of the same size, to be tested on the same frames.

    Every second frame of each clip of the id_test pigs is the test. by_pigs: the train pigs, as everywhere
    in the course. by_frames: the other frames of the tested pigs too, as a shuffle of frames would have it,
    and as many fewer, drawn by `seed`, of the train pigs. The epoch is chosen on the id_val pigs both
    times, so that the training frames are all that differs. CourseError where no clip of a tested pig has a
    second frame, or the train pigs have too few frames.
    """
    table = source.table.reset_index(drop=True)
    ordered = table.sort_values(["subject", "clip", "frame"], kind="stable")
    second = (
        (ordered.groupby(["subject", "clip"], sort=False).cumcount() % 2 == 1).reindex(table.index).to_numpy()
    )
    tested, train = (table["split"] == "id_test").to_numpy(), (table["split"] == "train").to_numpy()
    neighbours = tested & second
    shared, size = int(neighbours.sum()), int(train.sum())
    if not 0 < shared < size:
        raise CourseError(
            f"A split by frames needs neighbours of the tested frames and fewer of them than training "
            f"frames, but there are {shared} and {size}; take a data set with several frames to a clip."
        )
    kept = np.random.default_rng([abs(int(seed)), 2]).choice(
        np.flatnonzero(train), size - shared, replace=False
    )
    chosen = neighbours.copy()
    chosen[kept] = True
    return BothWays(
        source.where(train), source.where(chosen), source.of("id_val"), source.where(tested & ~second), shared
    )
