"""helpers.figures: every chart has its words and its axes."""

import inspect
import math

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch
from charts_by_hand import CHARTS, line, subject_dots
from matplotlib.patches import FancyArrowPatch

from helpers import figures, models, words
from helpers.figures import Chart, chart
from helpers.statistics import Estimate
from report.pages import faults

# Pictures of frames and drawings have no axes.
WITHOUT_AXES = {"gallery", "classes", "strip", "unet", "error_map"}


@pytest.fixture
def own_folders():
    words.call("source subject", "target subject")
    yield
    words.call()


@pytest.fixture(scope="module")
def made():
    """Every chart once, by its function's name."""
    return {name: make() for name, (make, _) in CHARTS.items()}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_all_its_words_and_its_alt_text_is_made_from_the_table(made, name):
    found = made[name]
    assert found.title and CHARTS[name][1] in found.alt
    assert "nan" not in found.title + found.alt + found.caption
    assert found.caption.endswith(".")
    if found.live is not None:
        layout = found.live.layout
        assert layout.xaxis.title.text and layout.yaxis.title.text
    if name not in WITHOUT_AXES:
        axis = found.axes[0]
        assert axis.get_xlabel()
        assert axis.get_ylabel() or all(
            text.get_text() for text in axis.get_yticklabels()
        )


def test_the_lesson_may_say_it_otherwise():
    curve = {"a": ([0, 1], [0.1, 0.2])}
    own = {"title": "Mine", "alt": "seen", "caption": "look here"}
    found = figures.line(curve, "coverage", "risk", **own)
    assert (found.title, found.alt, found.caption) == ("Mine", "seen", "look here")
    assert "look here" in found.html() and "look here" not in found.html(caption=False)


def test_every_chart_of_the_course_is_tested_here():
    assert set(CHARTS) == {
        name
        for name, one in vars(figures).items()
        if inspect.isfunction(one) and inspect.signature(one).return_annotation is Chart
    }


@pytest.mark.parametrize("encoder", ["lite0", "resnet18"])
def test_the_boxes_of_the_u_net_have_the_sizes_of_its_maps(encoder):
    model = models.build(encoder, weights=None)
    network, seen = model.network, {"down": [], "up": []}

    def note(side):
        return lambda _, __, out: seen[side].append(tuple(out.shape[1:]))

    for block in network.decoder.blocks:
        block.register_forward_hook(note("up"))
    stages = models.stages(model, (64, 96))
    with torch.inference_mode():
        frame = torch.rand(1, 3, 64, 96)
        seen["down"] += [tuple(one.shape[1:]) for one in network.encoder(frame)]
        network(frame)
    found = figures.unet(stages, [channels for channels, _, _ in seen["up"]])
    (axis,) = found.axes
    texts = [one.get_text() for one in axis.texts]
    boxes = [
        text for c, h, w in seen["down"] + seen["up"] for text in (f"{c}", f"{w}×{h}")
    ]
    assert texts[: len(boxes)] == boxes
    # smp's blocks take the maps beside them, and never the frame.
    arrows = [one for one in axis.patches if isinstance(one, FancyArrowPatch)]
    dashed = [one for one in arrows if one.get_linestyle() == "--"]
    skips = [
        one for one in seen["down"][1:-1] if one[1:] in {u[1:] for u in seen["up"]}
    ]
    assert len(dashed) == len(skips) == 4
    assert "from the frame's 3 channels of 96×64 pixels" in found.alt
    assert f"to {seen['down'][-1][0]} channels of 3×2, 1/32 of" in found.alt


def groups(truth, estimate):
    table = {"truth": truth, "estimate": estimate}
    return figures.truth_estimate_placebo(pd.DataFrame(table, ["view", "colour"]))


def padded():
    one = np.full((40, 40), np.nan)
    one[10:30] = 0
    one[10:13], one[27:30] = 90, 90
    return figures.error_map({"ood_test": one})


def unmarked():
    none = {"class": ["Liver"], "false_pixels": [0], "share": [math.nan]}
    return figures.false_by_class(pd.DataFrame(none | {"marked": [0.0]}))


def gained(*rows):
    return figures.gains(pd.DataFrame(rows, ["AdaBN", "TENT"]), "gain in Dice")


def way(here, there, other):
    pigs = Estimate(here, split="id_test"), Estimate(0.9, split="id_test")
    ends = {"rule": (pigs[0], Estimate(there)), "U-Net": (pigs[1], Estimate(other))}
    return figures.carried(ends, "Dice")


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (lambda: groups([0.2, 0.1], [0.3, 0.1]), "view, is found"),
        (lambda: groups([0.2, 0.1], [0.1, 0.3]), "view, and images point at colour"),
        (lambda: groups([0.2, 0.1], [0.0, 0.0]), "view, is not found"),
        (lambda: groups([0.0, -0.1], [0.1, 0.0]), "No group costs anything"),
        (lambda: gained([-0.2, -0.1], [-0.01, -0.02]), "Nothing gains"),
        (padded, "densest at the rim"),
        (unmarked, "No pixel"),
        (lambda: figures.error_map({"ood_test": np.zeros((8, 8))}), "No false marks"),
        (lambda: figures.subject_dots({}, "D"), "undefined"),
        (lambda: figures.subject_dots({"a": pd.Series([math.nan])}, "D"), "undefined"),
        (lambda: way(0.7, 0.5, 0.2), "'rule' loses least (0.20), 'U-Net' loses 0.70"),
        (lambda: way(0.1, 0.4, 0.2), "'rule' gains most (0.30), 'U-Net' loses 0.70"),
        (lambda: way(math.nan, 0.5, math.nan), "Nothing can be compared"),
    ],
)
def test_a_title_makes_no_finding_of_a_zero_a_loss_or_nothing(chart, said):
    assert said in chart().title


def test_the_dummies_have_other_markers_than_the_network(made):
    axis = made["correlations"].axes[0]
    markers = {one.get_label() for one in axis.collections}
    ways = {"pooled", "within subjects", "between subjects"}
    dummies = {"a dummy of one area", "a dummy of the network's areas"}
    assert ways | dummies <= markers
    # Arithmetic is the dummy of one area; the other borrows the network's success.
    title = made["correlations"].title
    assert "(+0.60; with that of a dummy of one area +0.30)" in title


def test_own_folders_hold_no_pigs(own_folders):
    found = subject_dots()
    assert "unseen source subjects to 0.21 on unseen target subjects" in found.title
    assert "pig" not in found.title + "".join(
        text.get_text().split("\n")[0] for text in found.axes[0].get_yticklabels()
    )


def test_the_colours_are_okabe_and_itos():
    known = (
        "#0072B2 #56B4E9 #009E73 #E69F00 #D55E00 #CC79A7 #F0E442 #000000 #FFFFFF "
        "#4D4D4D #B3B3B3"
    ).split()
    assert {*chart.COLOURS.values(), *chart.MODES.values(), *chart.PALETTE} <= {*known}


def test_a_chart_shows_itself_and_is_found_by_its_alt_text():
    alt = 'a "quoted" <figure> & more'
    page = Chart(chart.new()[0], "It falls", alt, "See <b>").html()
    assert 'alt="a &quot;quoted&quot; &lt;figure&gt; &amp; more"' in page
    assert page.count("<img") == 1 and "<figcaption>See &lt;b&gt;</figcaption>" in page


def test_missing_and_unknown_words_are_refused():
    for title, alt in (("It falls", "  "), (" ", "what is seen")):
        with pytest.raises(ValueError, match="title, and alt text"):
            Chart(chart.new()[0], title, alt)
    with pytest.raises(TypeError, match="color"):
        figures.line({"a": ([0, 1], [0.1, 0.2])}, "coverage", "risk", color="red")


def test_the_same_chart_is_the_same_picture():
    assert line().html() == line().html()


def test_a_long_title_stays_inside_and_keeps_its_unit_and_its_hyphens():
    for title, whole in (
        ("A long finding that ends in a number of 90 %", "90\N{NO-BREAK SPACE}%"),
        ("Dice falls from one place to another wished-for place", "wished-for"),
    ):
        said = Chart(chart.new(3.0, 2.0)[0], title, "x").figure.get_suptitle()
        assert whole in said and max(map(len, said.split("\n"))) <= 30


def test_the_dark_turns_what_is_plotted_around_and_no_frame():
    tissue = np.full((40, 60, 3), (180, 40, 30), np.uint8)
    assert 'class="plotted"' in line().html()
    assert "plotted" not in figures.strip([tissue], ["a"]).html()


def test_plotly_is_live_in_jupyter(made, monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "0")
    monkeypatch.setattr("plotly.io.renderers.default", "plotly_mimetype")
    bundle = made["hover_scatter"]._repr_mimebundle_()
    live = bundle["application/vnd.plotly.v1+json"]
    assert live["config"] == chart.PLOTLY and "rank correlation" in bundle["text/plain"]


def test_a_chart_is_offered_to_the_front_page_without_its_caption_twice(monkeypatch):
    shown = []
    monkeypatch.setattr(chart, "display", lambda thing, **_: shown.append(thing))
    found = line()
    assert found.front("threshold") is found
    left = shown[0][chart.FIGURE_TYPE]
    assert left["name"] == "threshold" and left["caption"] == found.caption
    assert "<img" in left["html"] and "figcaption" not in left["html"]


def test_an_undefined_cell_is_a_dash_and_one_that_rounds_to_zero_has_no_sign():
    rows = pd.DataFrame({"name": list("abc"), "value": [math.nan, -0.0004, -0.5]})
    page = figures.table(rows, "caption <b>")._repr_html_()
    assert ">–<" in page and page.count(">0.000<") == 1 and ">-0.500<" in page
    assert "-0.000" not in page and "caption &lt;b&gt;" in page


def test_the_overlay_gives_each_kind_of_pixel_its_colour():
    image = np.full((2, 3, 3), 100, np.uint8)
    blood = np.array([[True, True, False], [False, True, True]])
    found = np.array([[True, False, True], [False, True, True]])
    valid = np.array([[True, True, True], [True, True, False]])
    picture = figures.overlay(image, blood, valid, found)

    def mixed(kind: str) -> tuple:
        colour = np.round(255 * np.array(matplotlib.colors.to_rgb(chart.COLOURS[kind])))
        return tuple((0.35 * 100 + 0.65 * colour).astype(int))

    row = [mixed("hit"), mixed("missed"), mixed("false alarm")]
    assert [tuple(one) for one in picture[0]] == row
    assert tuple(picture[1, 0]) == (100, 100, 100)
    assert tuple(picture[1, 2]) == (33, 33, 33)  # not valid: it counts nowhere


def test_the_gallery_picks_best_middle_and_worst():
    dice, chosen = [0.3, math.nan, 0.9, 0.1, 0.5], []
    table = pd.DataFrame({"subject": list("abcde"), "dice": dice})

    def picture(row):
        chosen.append(row["subject"])
        return np.zeros((8, 8, 3), np.uint8)

    found = figures.gallery(table.assign(split="ood_test"), picture)
    assert chosen == ["c", "e", "d"]
    assert "0.10 to 0.90 on unseen patients" in found.title


def test_intervals_are_held_against_the_value_that_says_nothing():
    ends = {"one": (0.7, 0.6, 0.8), "other": (0.4, 0.2, 0.6)}
    found = {name: Estimate(*these, 0.9, 40, 4) for name, these in ends.items()}
    assert "leave out zero: 2 of 2" in figures.estimates(found, "AUROC").title
    chart = figures.estimates(found, "AUROC", mark=0.5)
    assert "leave out 0.5: 1 of 2" in chart.title
    assert [0.5, 0.5] in [list(one.get_xdata()) for one in chart.axes[0].lines]


def test_a_long_curve_is_not_hidden_by_its_markers():
    x = np.linspace(0, 1, 200)
    (one,) = figures.line({"a": (x, x)}, "coverage", "risk").axes[0].lines
    assert len(x) / one.get_markevery() <= 25
    (few,) = figures.line({"a": (x[:9], x[:9])}, "coverage", "risk").axes[0].lines
    assert few.get_markevery() == 1


def test_a_curve_without_a_value_is_undefined_and_warns_of_nothing(recwarn):
    alt = figures.line({"a": ([0, 1], [np.nan, np.nan])}, "coverage", "risk").alt
    assert "a: undefined" in alt and not recwarn.list


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_on_a_page_is_a_still_that_keeps_the_pages_rules(
    made, name, monkeypatch
):
    monkeypatch.setenv("COURSE_STATIC", "1")
    page = made[name]._repr_mimebundle_()["text/html"]
    assert not list(faults(page)) and page.count("<figcaption>") == 1
    assert page.count("<img") == 1 and "plotly" not in page.lower()


def test_clicks_are_drawn_where_they_were_made():
    image = np.full((20, 30, 3), 128, np.uint8)
    mask = np.zeros((20, 30), bool)
    shown = figures.clicked(image, mask, [(5, 10, True), (25, 3, False)])
    assert shown.shape == (60, 90, 3) and (image == 128).all()
    changed = np.argwhere((shown != 128).any(axis=2))
    near_one = np.abs(changed - (31, 16)).max(axis=1) <= 7
    near_other = np.abs(changed - (10, 76)).max(axis=1) <= 9
    assert near_one.any() and near_other.any() and (near_one | near_other).all()
    assert tuple(shown[31, 16]) == (255, 255, 255)


def test_decisions_say_who_counts_right() -> None:
    truth, one = [(1.0, 3.0), (5.0, 6.0)], [(1.0, 2.0)]
    chart = figures.decisions({"truth": truth, "area": truth, "growth": one}, 10)
    assert chart.title == "2 bleedings in truth; the right number by area"
    turned = figures.decisions({"truth": one, "area": truth, "growth": truth}, 10)
    assert turned.title == "1 bleeding in truth; nobody counts right"


@pytest.mark.parametrize(
    ("area", "guided", "best"),
    [([2, 3], [5, 5], "area: 0.50"), ([1, 3], [1, 1], "area and guided: 1.00")],
)
def test_cases_name_the_detector_that_counts_best(area, guided, best) -> None:
    rows = pd.DataFrame({"detector": ["area"] * 2 + ["guided"] * 2, "n_true": 2})
    rows = rows.assign(n_found=area + guided, true_s=9.0, found_s=6.0)
    assert f"least with {best} a case" in figures.counted_cases(rows).title
