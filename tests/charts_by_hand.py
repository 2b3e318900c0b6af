"""Every chart of the course from small values by hand, and from the same turned
round."""

import numpy as np
import pandas as pd

from helpers import figures
from helpers.statistics import Estimate

HIGH, LOW = [0.8, 0.7, 0.75], [0.2, 0.3, 0.25, 0.1]


def frames(values, domain):
    names = [f"{domain}{i}" for i in range(len(values)) for _ in range(5)]
    spread = np.repeat(values, 5) + np.tile([-0.05, -0.02, 0, 0.02, 0.05], len(values))
    return pd.DataFrame({"subject": names, "light": spread})


def series(values, name):
    return pd.Series(values, [f"{name}{i}" for i in range(len(values))])


def by_subject(turned):
    first, last = (LOW, HIGH) if turned else (HIGH, LOW)
    values = {"source": frames(first, "pig"), "target": frames(last, "video")}
    return figures.by_subject(values, "light", "brightness (0 black, 1 white)")


def subject_dots(turned):
    first, last = (LOW, HIGH) if turned else (HIGH, LOW)
    return figures.subject_dots(
        {"id_test": series(first, "pig"), "ood_test": series(last, "video")},
        "Dice on frames with blood, mean of a subject",
    )


def single_patient(turned):
    return figures.single_patient(series(HIGH if turned else LOW, "video"), "Dice")


def estimates(turned):
    sign = -1 if turned else 1
    return figures.estimates(
        {
            "light": Estimate(0.2 * sign, n_subjects=3, split="id_test"),
            "view": Estimate(0.1, 0.05, 0.15, 0.9, 400, 12, split="ood_test"),
        },
        "cost in Dice",
    )


def decisions(turned):
    truth, other = [(1.0, 3.0), (5.0, 6.0)], [(1.0, 2.0)]
    found = other if turned else truth
    return figures.decisions({"truth": truth, "area": found}, 10)


def counted_cases(turned):
    found = {"area": 5, "guided": 2} if turned else {"area": 2, "guided": 5}
    rows = [
        {"detector": d, "n_true": 2, "n_found": n, "true_s": 9.0, "found_s": 3.0 * n}
        for d, n in found.items()
    ]
    return figures.counted_cases(pd.DataFrame(rows * 3))


def carried(turned):
    def one(value, split):
        spread = (value - 0.1, value + 0.1, 0.9) if split == "ood_test" else ()
        return Estimate(value, *spread, n_subjects=12, split=split)

    rule, network = (0.7, 0.3), (0.9, 0.2)
    pairs = {"rule": network if turned else rule, "U-Net": rule if turned else network}
    return figures.carried(
        {
            name: (one(here, "id_test"), one(there, "ood_test"))
            for name, (here, there) in pairs.items()
        },
        "Dice on the frame",
    )


def error_map(turned):
    one = np.zeros((24, 32))
    one[4:-4, 5:-5], rim = (40 if turned else 2), (1 if turned else 60)
    one[:4], one[-4:], one[:, :5], one[:, -5:] = rim, rim, rim, rim
    one[0, 0] = np.nan
    return figures.error_map({"id_test": one / 20, "ood_test": one})


def false_by_class(turned):
    share = [45.0, 35.0, 20.0] if turned else [90.0, 6.0, 4.0]
    return figures.false_by_class(
        pd.DataFrame(
            {
                "class": ["Black Background", "Liver", "Fat"],
                "false_pixels": share,
                "share": share,
                "marked": [50.0, 10.0, 5.0],
            }
        )
    )


def false_by_region(turned):
    view, surround = (10, 90) if turned else (90, 10)
    pixels = {"view": view, "surround": surround}
    return figures.false_by_region({"ood_test": pixels, "ood_wished": pixels})


def division(turned):
    values = [0.1, 0.1, 0.5] if turned else [0.4, 0.1, 0.3]
    return figures.division(
        pd.DataFrame(
            [[0.0, 0.05, 0.1], values],
            ["id_test", "ood_wished"],
            ["surround", "false marks in the view", "missed blood"],
        )
    )


def failure_bars(turned):
    values = [10.0, 20.0, 30.0, 40.0] if turned else [60.0, 10.0, 20.0, 10.0]
    return figures.failure_bars(
        pd.DataFrame(
            [[5.0, 5.0, 10.0, 80.0], values],
            ["id_test", "ood_test"],
            ["missed", "elsewhere", "partial", "good"],
        )
    )


def line(turned):
    y = [0.1, 0.3, 0.2] if turned else [0.4, 0.3, 0.2]
    return figures.line(
        {
            "id_test": ([0.1, 0.5, 0.9], [0.7, 0.8, 0.6]),
            "ood_test": ([0.1, 0.5, 0.9], y),
        },
        "threshold on the probability of blood",
        "Dice, mean over subjects",
        mark=0.5,
    )


def histories(turned):
    y = [0.2, 0.5, 0.6] if turned else [0.6, 0.5, 0.2]
    return figures.histories(
        {"mean over subjects": y, "pig1": [0.3, 0.4, 0.5]}, 1, "Dice on id_val"
    )


def schedule(turned):
    return figures.schedule([1e-3, 2e-4, 9e-4] if turned else [1e-3, 5e-4, 1e-5])


def distance(turned):
    return figures.distance(
        np.linspace(0.1, 0.5, 100), 0.2 if turned else 0.6, "energy distance"
    )


def causes(turned):
    estimate = [0.05, 0.2, 0.1] if turned else [0.19, 0.06, np.nan]
    return figures.truth_estimate_placebo(
        pd.DataFrame(
            {
                "truth": [0.2, 0.05, 0.1],
                "estimate": estimate,
                "placebo": [0.01, -0.02, np.nan],
            },
            ["view", "colour", "anatomy"],
        )
    )


def gains(turned):
    table = pd.DataFrame([[0.2, 0.1, 0.15], [-0.1, 0.02, -0.05]], ["AdaBN", "TENT"])
    return figures.gains(-table if turned else table, "gain in Dice", "drawing")


def by_drawing(turned):
    truth = pd.DataFrame([[0.2, 0.1], [0.05, np.nan]], ["view", "light"], [0, 1])
    table = truth[::-1].set_axis(truth.index) if turned else truth
    return figures.by_drawing({"truth": table, "estimate": -table}, "cost in Dice")


def against(turned):
    truth = pd.Series({"view": 0.2, "colour": 0.05})
    estimate = pd.Series(
        {"view": 0.1, "colour": 0.3} if turned else {"view": 0.25, "colour": 0.1}
    )
    return figures.against(
        truth, estimate, "cost in Dice, drawn", "cost in Dice, estimated"
    )


def picture(value=90):
    random = np.random.default_rng(0)
    return np.clip(random.normal(value, 20, (48, 64, 3)), 0, 255).astype(np.uint8)


def gallery(turned):
    dice = [0.3, 0.2, 0.1] if turned else [0.9, 0.5, 0.4]
    table = pd.DataFrame(
        {"split": "ood_test", "subject": ["a", "b", "c"], "dice": dice}
    )
    return figures.gallery(table, lambda row: picture(200 * row["dice"]))


def classes(turned):
    labels = np.full((48, 64), 2, np.uint8)
    labels[: 30 if turned else 10] = 0
    labels[40:44, 20:40], labels[0] = 7, 255
    return figures.classes(picture(), labels)


def correlations(turned):
    sign = -1 if turned else 1
    rows = [
        (name, estimand, sign * value, abs(value) > 0.4 and estimand != "pooled")
        for name, values in {
            "brightness": (0.1, 0.2, -0.3),
            "coverage": (0.5, 0.6, 0.2),
        }.items()
        for estimand, value in zip(
            ("pooled", "within subjects", "between subjects"), values
        )
    ]
    table = pd.DataFrame(rows, columns=["property", "estimand", "value", "significant"])
    dummies = {"one area": 0.5, "its areas": 1.4}
    dummies = {k: table.assign(value=table["value"] * by) for k, by in dummies.items()}
    return figures.correlations(table, dummies)


def hover_scatter(turned):
    x = np.linspace(0, 1, 24)
    table = pd.DataFrame(
        {
            "x": x,
            "y": x if turned else 1 - x,
            "clip": "c",
            "frame": 1,
            "subject": np.repeat(["a", "b", "c"], 8),
        }
    )
    return figures.hover_scatter(table, "x", "y", "brightness (0 to 1)", "Dice")


def strip(turned):
    return figures.strip(
        [picture(), picture(160)], ["darker", "brighter"], legend=figures.OVERLAY
    )


def unet(turned):
    maps = [(3, 96, 128, 1), (16, 48, 64, 2), (24, 24, 32, 4), (320, 12, 16, 8)]
    names = ["channels", "height", "width", "scale"]
    return figures.unet(pd.DataFrame(maps, columns=names), [64, 32, 16])


# Whose title states a finding, and must turn with the values.
FINDINGS = {
    one.__name__: one
    for one in (
        by_drawing,
        by_subject,
        decisions,
        counted_cases,
        carried,
        subject_dots,
        single_patient,
        estimates,
        error_map,
        false_by_class,
        false_by_region,
        division,
        failure_bars,
        line,
        histories,
        schedule,
        distance,
        causes,
        gains,
        against,
        gallery,
        classes,
        correlations,
        hover_scatter,
    )
}
OTHERS = {one.__name__: one for one in (strip, unet)}
