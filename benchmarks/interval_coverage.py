"""Which interval over few subjects deserves its name? Coverage, width, overflow, on
populations fixed here.

    python -m benchmarks.interval_coverage   writes interval_coverage.csv and
                                             interval_coverage.json beside it

Each row of the CSV: a population, a number of subjects, a method. `coverage`: share of
samples whose interval holds the population's mean (median for order_statistics).
`width`: mean width. `offered`: share of samples whose interval is at most 0.3 wide, and
`coverage_offered`: the coverage among those, because an interval shown only when it is
narrow is shown when the sample hides the outliers. `outside`: share of intervals that
leave [0, 1]. The JSON has the date, the versions, and for each number of subjects and
method the worst over the populations with the verdict `allowed`, which
helpers/statistics.py follows. phantom_subjects.json, {"name": [subject means]}, which
is recorded with it, adds the phantom's own population: Dice of each patient of the
wished-for benchmark.
"""

import json
import time
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks import recording
from helpers import counts, domains, settings, statistics, training
from helpers.statistics import WIDE, subject_means

SUBJECTS = (3, 5, 10, 17)
REPETITIONS = 10_000
LEAST_COVERAGE = 0.90
# Below this share of narrow samples the coverage among them is noise, and the interval
# says nothing at this number.
LEAST_OFFERED = 0.05
# Frames of a subject scatter around its mean; they matter to the naive interval only.
FRAMES, WITHIN_SD = 40, 0.1

# What the course does not offer promises this much.
LEVEL = 0.95


def over_frames(means: np.ndarray):
    """The habit to avoid: a standard error that takes every frame for an observation of
    its own."""
    n = means.shape[-1] * FRAMES
    variance = (FRAMES * means.shape[-1] * means.var(-1) + n * WITHIN_SD**2) / (n - 1)
    return stats.norm.interval(LEVEL, means.mean(-1), np.sqrt(variance / n))


def student(means: np.ndarray):
    """Mean plus and minus Student's t times the standard error."""
    return stats.ttest_1samp(means, 0, axis=-1).confidence_interval(LEVEL)


def resampled(method: str, means: np.ndarray):
    """Efron's bootstrap over subjects, "percentile" or "BCa"; subjects that are all
    alike have an interval of no width."""
    given = dict(axis=-1, n_resamples=2_000, batch=100, confidence_level=LEVEL, rng=0)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap((means,), np.mean, method=method, **given)
    ends, alike = found.confidence_interval, np.ptp(means, axis=-1) == 0
    return tuple(np.where(alike, means.mean(-1), end) for end in ends)


def arcsine(interval: Callable) -> Callable:
    """The interval on arcsin(sqrt(mean)), a scale on which [0, 1] has no ends to run
    over, and taken back; past its ends the sine would turn back."""

    def taken_back(means: np.ndarray):
        ends = interval(np.arcsin(np.sqrt(means)))
        return tuple(np.sin(np.clip(end, 0, np.pi / 2)) ** 2 for end in ends)

    return taken_back


def order_statistics(means: np.ndarray):
    """statistics.order_statistics of many samples: which two, n alone decides."""
    ranks = np.array(statistics.order_statistics(np.arange(means.shape[-1])))
    ordered = np.sort(means)
    none = np.full(len(means), np.nan)
    return [none if np.isnan(one) else ordered[..., int(one)] for one in ranks]


METHODS: dict[str, Callable] = {
    "over_frames": over_frames,
    "percentile": partial(resampled, "percentile"),
    "percentile_arcsine": arcsine(partial(resampled, "percentile")),
    "bca": partial(resampled, "BCa"),
    "bca_arcsine": arcsine(partial(resampled, "BCa")),
    "student": student,
    "student_arcsine": arcsine(student),
    "bounded": statistics.bounded,
    "order_statistics": order_statistics,
}


def _mixture(generator, shape, share, first, second):
    """Beta(first) for most; for a share of the subjects Beta(second), or exactly 0
    where second is None.
    """
    other = generator.beta(*second, shape) if second else np.zeros(shape)
    return np.where(
        generator.random(shape) < share, other, generator.beta(*first, shape)
    )


POPULATIONS: dict[str, Callable] = {
    "near-normal": lambda generator, shape: generator.beta(14, 6, shape),
    "skewed": lambda generator, shape: generator.beta(5, 1, shape),
    "with outliers": lambda generator, shape: _mixture(
        generator, shape, 0.1, (68, 12), (2, 18)
    ),
    "zero-inflated": lambda generator, shape: _mixture(
        generator, shape, 0.5, (2, 6), None
    ),
}


def populations() -> dict[str, Callable]:
    """The fixed populations, and the phantom's own where its subject means are
    recorded.
    """
    recorded = recording.HERE / "phantom_subjects.json"
    own = json.loads(recorded.read_text()) if recorded.exists() else {}
    return POPULATIONS | {
        f"phantom: {name}": lambda generator, shape, means=tuple(means): (
            generator.choice(means, shape)
        )
        for name, means in own.items()
    }


def measure(
    name: str,
    draw: Callable,
    repetitions: int = REPETITIONS,
    subjects=SUBJECTS,
    methods=tuple(METHODS),
) -> list[dict]:
    """The rows of one population."""
    large = draw(np.random.default_rng(1), 2_000_000)
    truth = {"mean": large.mean(), "median": np.median(large)}
    rows = []
    for n in subjects:
        sample = draw(np.random.default_rng((2, n)), (repetitions, n))
        for method in methods:
            low, high = METHODS[method](sample)
            centre = truth["median" if method == "order_statistics" else "mean"]
            if np.isnan(low).all():
                continue
            covers = (low - 1e-12 <= centre) & (centre <= high + 1e-12)
            width = high - low
            narrow = width <= WIDE
            rows.append(
                {
                    "population": name,
                    "subjects": n,
                    "method": method,
                    "coverage": covers.mean(),
                    "width": width.mean(),
                    "outside": ((low < 0) | (high > 1)).mean(),
                    "offered": narrow.mean(),
                    "coverage_offered": covers[narrow].mean()
                    if narrow.mean() >= LEAST_OFFERED
                    else np.nan,
                }
            )
    return rows


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Per number of subjects and method the worst over the populations, and whether it
    may be offered.
    """
    worst = (
        table.groupby(["subjects", "method"], sort=False)
        .agg(
            worst_coverage=("coverage", "min"),
            worst_coverage_offered=("coverage_offered", "min"),
            outside=("outside", "max"),
            most_offered=("offered", "max"),
            widest=("width", "max"),
        )
        .reset_index()
    )
    covers = (
        worst[["worst_coverage", "worst_coverage_offered"]].min(axis=1)
        >= LEAST_COVERAGE
    )
    return worst.assign(allowed=covers & (worst["most_offered"] >= LEAST_OFFERED))


def phantom_subjects() -> dict[str, list[float]]:
    """The means of the wished-for patients with the quick profile's own network; all
    count, since nothing is chosen on them here."""
    course = settings.course("quick")
    data = domains.gather(course)
    run = training.baseline(course, data)
    splits = (data.of(split) for split in ("ood_wished_val", "ood_wished"))
    table = pd.concat([counts.evaluate(run, packed) for packed in splits])
    dice = counts.on_blood(counts.dice, table)
    means = subject_means(dice, table["subject"])
    return {"Dice of patients": [round(float(value), 4) for value in means]}


def main() -> None:
    began = time.perf_counter()
    own = json.dumps(phantom_subjects()) + "\n"
    (recording.HERE / "phantom_subjects.json").write_text(own)
    rows = [row for name, draw in populations().items() for row in measure(name, draw)]
    table = pd.DataFrame(rows).round(4)
    recording.record(
        "interval_coverage",
        began,
        {"": table},
        repetitions=REPETITIONS,
        least_coverage=LEAST_COVERAGE,
        widest=WIDE,
        verdicts=json.loads(verdicts(table).to_json(orient="records")),
    )


if __name__ == "__main__":
    main()
