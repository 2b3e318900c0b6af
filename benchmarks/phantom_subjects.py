"""The phantom's own subject means, for interval_coverage.py: Dice of each patient of
the wished-for benchmark.

    python -m benchmarks.phantom_subjects   writes phantom_subjects.json beside it

The network is the quick profile's own, as in the lessons; all patients count, since
nothing is chosen on them here.
"""

import json
from pathlib import Path

import pandas as pd

from helpers import counts, domains, evaluation, runs, settings, statistics

HERE = Path(__file__).parent


def main() -> None:
    course = settings.course("quick")
    data = domains.gather(course)
    run = runs.baseline(course, data)
    splits = (data.of(split) for split in ("ood_wished_val", "ood_wished"))
    table = pd.concat([evaluation.evaluate(run, packed) for packed in splits])
    means = statistics.subject_means(
        counts.on_blood(counts.dice, table), table["subject"]
    )
    found = {"Dice of patients": [round(float(value), 4) for value in means]}
    (HERE / "phantom_subjects.json").write_text(json.dumps(found) + "\n")
    print(means.to_string())


if __name__ == "__main__":
    main()
