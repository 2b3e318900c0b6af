"""helpers/published/plots: what is drawn is what the tables hold, under a title and
labelled axes."""

import numpy as np
import pytest

from helpers.published import plots, recorded

KEPT = recorded()
DRAWN = {
    "organ": lambda: plots.organ(KEPT.tables["joined"]),
    "modes": lambda: plots.modes(KEPT.tables["modes"]),
    "epsilon": lambda: plots.epsilon(KEPT.tables["epsilon"]),
    "coverage": lambda: plots.coverage(KEPT.tables["coverage"]),
    "split": lambda: plots.split(KEPT.tables["neighbours"], KEPT.tables["pigs"]),
    "patients": lambda: plots.patients(KEPT.tables["videos"]),
    "schedule": lambda: plots.schedule(KEPT.tables["schedule"], 39),
    "areas": lambda: plots.areas(KEPT.tables["areas"]),
    "rocs": lambda: plots.rocs(KEPT.tables["roc"], KEPT.numbers),
    "units": lambda: plots.units(KEPT.tables["clips"], KEPT.tables["videos"]),
    "bounds": lambda: plots.bounds(KEPT.numbers),
}


def number(name):
    return KEPT.numbers[f"published.{name}"].value


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_has_a_title_alt_text_and_labelled_axes(name):
    chart = DRAWN[name]()
    assert chart.title and "nan" not in chart.title + chart.alt
    # Panels stacked over one another share the lowest one's label.
    assert chart.axes[-1].get_xlabel()
    assert chart.axes[0].get_ylabel() or chart.axes[0].get_yticklabels()
    assert f"{chart.figure.get_suptitle()}".split()[:2] == chart.title.split()[:2]


def test_titles_follow_from_the_tables():
    modes = KEPT.tables["modes"]
    assert DRAWN["modes"]().title.startswith("Most of the PARTIAL frames")
    partial = modes["mode"] == "PARTIAL"
    turned = modes.assign(overlap=modes["overlap"] ^ partial)
    assert plots.modes(turned).title.startswith("Fewer than half of the PARTIAL frames")
    rates = KEPT.tables["schedule"]
    assert "climbed back to 66 %" in plots.schedule(rates, 39).title
    fell = rates.assign(as_run=rates["mended"])
    assert plots.schedule(fell, 39).title == "The learning rate fell to the end"
    joined = KEPT.tables["joined"]
    assert plots.organ(joined).title.endswith("is the area of gastrointestinal tract")
    blood = joined.assign(
        class_area=joined["scored"].where(joined["name"] == "blood", 0)
    )
    assert plots.organ(blood).title.endswith("is the area of blood")


def test_modes_are_drawn_in_full():
    axis = DRAWN["modes"]().axes[0]
    assert sum(bar.get_width() for bar in axis.patches) == number("frames")
    assert {
        f"{number('partial_tp_free'):,.0f}",
        f"{number('blood_false_positive'):.0f}",
    } <= {note.get_text() for note in axis.texts}


def test_no_frame_falls_between_the_steps_of_area():
    axis = DRAWN["areas"]().axes[0]
    shares = [
        np.sum(stairs.get_data().values)
        for stairs in axis.patches
        if hasattr(stairs, "get_data")
    ]
    table = KEPT.tables["areas"]
    for group, share in zip(
        ("blood", "same patient", "other patients"), shares, strict=True
    ):
        part = table[table.group == group]
        assert share == pytest.approx(
            100 * part.frames[part.area > 0].sum() / part.frames.sum()
        )


def test_epsilons_curve_has_its_point_at_zero():
    above, below = DRAWN["epsilon"]().axes
    assert above.lines[1].get_ydata()[0] == pytest.approx(
        100 - number("partial_tp_free_share")
    )
    points = [line.get_ydata()[0] for line in below.lines if len(line.get_ydata()) == 1]
    assert points[0] == pytest.approx(number("spearman_coverage_no_epsilon"))


def test_every_frame_and_patient_is_drawn():
    assert sum(
        bar.get_width() for bar in DRAWN["patients"]().axes[0].patches
    ) == number("frames")
    left, right = DRAWN["split"]().axes
    assert sum(bar.get_height() for bar in left.patches) == number("val_frames")
    assert sum(bar.get_width() for bar in right.patches) == number("source_frames")
    left, right = DRAWN["units"]().axes
    assert [len(dots.get_offsets()) for dots in left.collections] == [
        number("clips_blood"),
        number("clips_clean"),
    ]
    assert sum(len(dots.get_offsets()) for dots in right.collections) == number(
        "patients"
    )
