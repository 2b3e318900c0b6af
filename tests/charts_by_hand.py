"""Every chart of the course from small values by hand, with what its alternative text
must say of them."""

import numpy as np
import pandas as pd

from helpers import figures
from helpers.statistics import Estimate

HIGH, LOW = [0.8, 0.7, 0.75], [0.2, 0.3, 0.25, 0.1]
X = np.linspace(0, 1, 24)
OF_FRAMES = {"clip": "c", "frame": 1, "subject": np.repeat(["a", "b", "c"], 8)}


def frames(values, domain):
    names = [f"{domain}{i}" for i in range(len(values)) for _ in range(5)]
    spread = np.repeat(values, 5) + np.tile([-0.05, -0.02, 0, 0.02, 0.05], len(values))
    return pd.DataFrame({"subject": names, "light": spread})


def series(values, name):
    return pd.Series(values, [f"{name}{i}" for i in range(len(values))])


def subject_dots():
    values = {"id_test": series(HIGH, "pig"), "ood_test": series(LOW, "video")}
    return figures.subject_dots(values, "Dice on frames with blood, mean of a subject")


def counted_cases():
    found = {"detector": ["area", "guided"], "n_true": 2, "n_found": [2, 5]}
    table = pd.DataFrame(found).assign(true_s=9.0, found_s=[6.0, 15.0])
    return figures.counted_cases(pd.concat([table] * 3))


def error_map():
    one = np.full((24, 32), 60.0)
    one[4:-4, 5:-5], one[0, 0] = 2, np.nan
    return figures.error_map({"id_test": one / 20, "ood_test": one})


def false_by_class():
    share = [90.0, 6.0, 4.0]
    table = {"class": ["Black Background", "Liver", "Fat"], "marked": [50.0, 10.0, 5.0]}
    return figures.false_by_class(
        pd.DataFrame(table | {"false_pixels": share, "share": share})
    )


def line():
    x = [0.1, 0.5, 0.9]
    curves = {"id_test": (x, [0.7, 0.8, 0.6]), "ood_test": (x, [0.4, 0.3, 0.2])}
    return figures.line(
        curves, "threshold on the probability of blood", "Dice", mark=0.5
    )


def causes():
    table = {
        "truth": [0.2, 0.05, 0.1],
        "estimate": [0.19, 0.06, np.nan],
        "placebo": [0.01, -0.02, np.nan],
    }
    return figures.truth_estimate_placebo(
        pd.DataFrame(table, ["view", "colour", "anatomy"])
    )


def by_drawing():
    truth = pd.DataFrame([[0.2, 0.1], [0.05, np.nan]], ["view", "light"], [0, 1])
    return figures.by_drawing({"truth": truth, "estimate": -truth}, "cost in Dice")


def picture(value=90):
    random = np.random.default_rng(0)
    return np.clip(random.normal(value, 20, (48, 64, 3)), 0, 255).astype(np.uint8)


def gallery():
    table = pd.DataFrame({"subject": list("abc"), "dice": [0.9, 0.5, 0.4]})
    return figures.gallery(
        table.assign(split="ood_test"), lambda row: picture(200 * row["dice"])
    )


def classes():
    labels = np.full((48, 64), 2, np.uint8)
    labels[:10], labels[40:44, 20:40], labels[0] = 0, 7, 255
    return figures.classes(picture(), labels)


def correlations():
    ways = ("pooled", "within subjects", "between subjects")
    rows = [
        (name, estimand, value, abs(value) > 0.4 and estimand != "pooled")
        for name, values in {
            "brightness": (0.1, 0.2, -0.3),
            "coverage": (0.5, 0.6, 0.2),
        }.items()
        for estimand, value in zip(ways, values)
    ]
    table = pd.DataFrame(rows, columns=["property", "estimand", "value", "significant"])
    dummies = {"one area": 0.5, "its areas": 1.4}
    dummies = {k: table.assign(value=table["value"] * by) for k, by in dummies.items()}
    return figures.correlations(table, dummies)


def unet():
    maps = [(3, 96, 128, 1), (16, 48, 64, 2), (24, 24, 32, 4), (320, 12, 16, 8)]
    names = ["channels", "height", "width", "scale"]
    return figures.unet(pd.DataFrame(maps, columns=names), [64, 32, 16])


CHARTS = {
    "subject_dots": (subject_dots, "unseen pigs: pig0 0.80, pig1 0.70"),
    "counted_cases": (counted_cases, "area 0.00; guided 3.00"),
    "error_map": (error_map, "60.0 % of the frames at the rim, 2.0 % in the middle"),
    "false_by_class": (false_by_class, "Black Background: 90.0 %; Liver: 6.0 %"),
    "line": (line, "unseen patients: 0.40 at 0.1, 0.20 at 0.9"),
    "truth_estimate_placebo": (causes, "anatomy: truth 0.10, estimate undefined"),
    "by_drawing": (by_drawing, "truth, light: +0.050, undefined"),
    "gallery": (gallery, "best: a, 0.90; middle: b, 0.50; worst: c, 0.40"),
    "classes": (classes, "Liver 78.2 %; Black Background 19.1 %; Blood 2.7 %"),
    "correlations": (correlations, "coverage: pooled 0.50, within subjects 0.60"),
    "unet": (unet, "128×96 pixels to 320 channels of 16×12"),
    "by_subject": (
        lambda: figures.by_subject(
            {"source": frames(HIGH, "pig"), "target": frames(LOW, "video")},
            "light",
            "brightness (0 black, 1 white)",
        ),
        "patients: mean 0.21, subjects from 0.10 to 0.30",
    ),
    "single_patient": (
        lambda: figures.single_patient(series(LOW, "video"), "Dice"),
        "from video3 with 0.10 to video1 with 0.30",
    ),
    "estimates": (
        lambda: figures.estimates(
            {
                "light": Estimate(0.2, n_subjects=3, split="id_test"),
                "view": Estimate(0.1, 0.05, 0.15, 0.9, 400, 12, split="ood_test"),
            },
            "cost in Dice",
        ),
        "view: 0.10 (0.05 to 0.15, a 90 % interval over 12 patients)",
    ),
    "decisions": (
        lambda: figures.decisions(
            {"truth": [(1.0, 3.0), (5.0, 6.0)], "area": [(1.0, 2.0)]}, 10
        ),
        "truth: 2, together 3.0 s; area: 1, together 1.0 s",
    ),
    "carried": (
        lambda: figures.carried(
            {
                "rule": (Estimate(0.7, split="id_test"), Estimate(0.3)),
                "U-Net": (Estimate(0.9, split="id_test"), Estimate(0.2)),
            },
            "Dice on the frame",
        ),
        "U-Net: 0.90 on unseen pigs, 0.20",
    ),
    "false_by_region": (
        lambda: figures.false_by_region({"ood_test": {"view": 90, "surround": 10}}),
        "view 90 %, surround 10 %",
    ),
    "division": (
        lambda: figures.division(
            pd.DataFrame(
                [[0.0, 0.05, 0.1], [0.4, 0.1, 0.3]],
                ["id_test", "ood_wished"],
                ["surround", "false marks in the view", "missed blood"],
            )
        ),
        "wished-for patients: surround 0.40, false marks in the view 0.10",
    ),
    "failure_bars": (
        lambda: figures.failure_bars(
            pd.DataFrame(
                [[5.0, 5.0, 10.0, 80.0], [60.0, 10.0, 20.0, 10.0]],
                ["id_test", "ood_test"],
                ["missed", "elsewhere", "partial", "good"],
            )
        ),
        "unseen patients: missed 60 %, elsewhere 10 %",
    ),
    "histories": (
        lambda: figures.histories(
            {"mean over subjects": [0.6, 0.5, 0.2], "pig1": [0.3, 0.4, 0.5]}, 1, "Dice"
        ),
        "pig1: from 0.30 to 0.50",
    ),
    "schedule": (
        lambda: figures.schedule([1e-3, 5e-4, 1e-5]),
        "it starts at 0.001, ends at 1e-05",
    ),
    "distance": (
        lambda: figures.distance(np.linspace(0.1, 0.5, 100), 0.6, "energy distance"),
        "from 0.10 to 0.50, with a line at 0.60",
    ),
    "gains": (
        lambda: figures.gains(
            pd.DataFrame([[0.2, 0.1, 0.15], [-0.1, 0.02, -0.05]], ["AdaBN", "TENT"]),
            "gain in Dice",
            "drawing",
        ),
        "AdaBN: +0.15, from +0.10 to +0.20; TENT: -0.04",
    ),
    "against": (
        lambda: figures.against(
            pd.Series({"view": 0.2, "colour": 0.05}),
            pd.Series({"view": 0.25, "colour": 0.1}),
            "cost in Dice, drawn",
            "cost in Dice, estimated",
        ),
        "view: 0.20 in truth, 0.25 estimated",
    ),
    "hover_scatter": (
        lambda: figures.hover_scatter(
            pd.DataFrame({"x": X, "y": 1 - X, **OF_FRAMES}), "x", "y", "light", "Dice"
        ),
        "24 frames of 3 subjects: rank correlation -1.00",
    ),
    "strip": (
        lambda: figures.strip(
            [picture(), picture(160)], ["darker", "brighter"], legend=figures.OVERLAY
        ),
        "darker; brighter",
    ),
}
