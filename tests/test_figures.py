"""helpers.figures: every chart has its words, and the words turn with the values."""

import inspect
import math

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch
from charts_by_hand import FINDINGS, OTHERS, correlations, line, series, subject_dots
from matplotlib.patches import FancyArrowPatch

from helpers import figures, models, words
from helpers.figures import Chart, chart, style
from helpers.figures.causes import verdict
from helpers.statistics import Estimate
from report.pages import faults

# Pictures of frames and drawings have no axes.
WITHOUT_AXES = {"gallery", "classes", "strip", "unet", "error_map"}


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed, in order."""
    found = []
    monkeypatch.setattr(chart, "display", lambda thing, **_: found.append(thing))
    return found


@pytest.fixture
def own_folders():
    words.call("source subject", "target subject")
    yield
    words.call()


@pytest.mark.parametrize("name", FINDINGS)
def test_the_title_turns_with_the_values(name):
    one, turned = FINDINGS[name](False), FINDINGS[name](True)
    assert one.title != turned.title
    assert FINDINGS[name](False).title == one.title


@pytest.mark.parametrize("name", FINDINGS)
def test_alt_text_turns_with_the_values(name):
    assert FINDINGS[name](False).alt != FINDINGS[name](True).alt


@pytest.mark.parametrize("name", FINDINGS | OTHERS)
def test_a_chart_has_all_its_words(name):
    found = (FINDINGS | OTHERS)[name](False)
    assert found.title[0].isupper() or found.title[0] in "'0123456789"
    assert len(found.alt) > 10 and "nan" not in found.title + found.alt + found.caption
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
    found = figures.schedule(
        [1e-3, 1e-4], title="Mine", alt="seen", caption="look here"
    )
    assert (found.title, found.alt, found.caption) == ("Mine", "seen", "look here")
    assert "look here" in found.html() and "look here" not in found.html(caption=False)


def test_every_chart_of_the_course_is_tested_here_and_takes_other_words():
    made = {
        name
        for name in vars(figures)
        if name not in ("Chart", "Table")
        and inspect.isfunction(getattr(figures, name))
        and inspect.signature(getattr(figures, name)).return_annotation is Chart
    }
    drawn = {
        name.replace("causes", "truth_estimate_placebo") for name in FINDINGS | OTHERS
    }
    assert made == drawn
    for name in made:
        assert "said" in inspect.signature(getattr(figures, name)).parameters


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
    assert found.title == "A U-Net: 5 steps down for what, 5 up for where"


def test_the_words_of_a_title():
    assert subject_dots(False).title == (
        "Dice on frames with blood falls from 0.75 on unseen pigs to 0.21 on unseen "
        "patients"
    )
    assert "rises from 0.21 on unseen pigs" in subject_dots(True).title
    alike = series([0.5, 0.5], "x")
    same = figures.subject_dots({"id_test": alike, "ood_test": alike}, "Dice")
    assert same.title == "Dice stays at 0.50 on unseen pigs and on unseen patients"
    undefined = figures.subject_dots({"id_test": pd.Series([math.nan])}, "Dice")
    assert undefined.title == "Dice is undefined in every split"


def test_most_is_said_of_more_than_half_only():
    rows = pd.DataFrame(
        [[40.0, 35.0, 25.0]], ["ood_test"], ["missed", "partial", "good"]
    )
    assert "the largest part of the frames" in figures.failure_bars(rows).title
    rows[:] = [[51.0, 30.0, 19.0]]
    assert (
        "most of the frames with blood are 'missed'" in figures.failure_bars(rows).title
    )


def test_nothing_marked_is_no_finding_about_a_class():
    none = pd.DataFrame(
        {"class": ["Liver"], "false_pixels": [0], "share": [math.nan], "marked": [0.0]}
    )
    found = figures.false_by_class(none)
    assert found.title == "No pixel of unseen patients is falsely marked"
    assert (
        "No false marks on" in figures.error_map({"ood_test": np.zeros((8, 8))}).title
    )


@pytest.mark.parametrize(
    ("truth", "estimate", "said"),
    [
        ([0.2, 0.1], [0.3, 0.1], "The greatest cause, view, is found"),
        (
            [0.2, 0.1],
            [0.1, 0.3],
            "The greatest cause is view, and images point at colour",
        ),
        ([0.2, 0.1], [0.0, 0.0], "The greatest cause, view, is not found"),
        ([0.0, -0.1], [0.1, 0.0], "No group costs anything in truth"),
    ],
)
def test_a_verdict_passes_no_zero_for_a_cause(truth, estimate, said):
    table = pd.DataFrame({"truth": truth, "estimate": estimate}, ["view", "colour"])
    assert verdict(table).startswith(said)


def test_gains_that_are_losses_are_not_called_gains():
    worse = pd.DataFrame([[-0.2, -0.1], [-0.01, -0.02]], ["AdaBN", "TENT"])
    title = figures.gains(worse, "gain in Dice").title
    assert title == "Nothing gains; 'TENT' loses least (-0.01), 'AdaBN' most (-0.15)"


def test_the_dummies_have_other_markers_than_the_network():
    axis = correlations(False).axes[0]
    markers = {one.get_label() for one in axis.collections}
    assert {
        "pooled",
        "within subjects",
        "between subjects",
        "a dummy of one area",
        "a dummy of the network's areas",
    } <= markers
    # Arithmetic is the dummy of one area; the other borrows the network's success.
    for turned, sign in ((False, "+"), (True, "-")):
        title = correlations(turned).title
        assert f"({sign}0.60; with that of a dummy of one area {sign}0.30)" in title
    assert "account for" not in correlations(False).caption


def test_holms_correction_is_said_to_be_of_one_way_at_a_time():
    chart = correlations(False)
    assert chart.title.startswith(
        "1 of 4 correlations survives Holm's correction, made for each way apart"
    )


def test_own_folders_hold_no_pigs(own_folders):
    found = subject_dots(False)
    assert "unseen source subjects to 0.21 on unseen target subjects" in found.title
    assert "pig" not in found.title + "".join(
        text.get_text().split("\n")[0] for text in found.axes[0].get_yticklabels()
    )


def test_the_colours_are_okabe_and_itos():
    known = {
        "#0072B2",
        "#56B4E9",
        "#009E73",
        "#E69F00",
        "#D55E00",
        "#CC79A7",
        "#F0E442",
        "#000000",
        "#FFFFFF",
        "#4D4D4D",
        "#B3B3B3",
    }
    assert {*style.COLOURS.values(), *style.MODES.values(), *style.PALETTE} <= known


def test_a_chart_shows_itself_and_is_found_by_its_alt_text():
    alt = 'a "quoted" <figure> & more'
    page = Chart(style.new()[0], "It falls", alt, "See <b>")._repr_mimebundle_()[
        "text/html"
    ]
    assert 'alt="a &quot;quoted&quot; &lt;figure&gt; &amp; more"' in page
    assert page.count("<img") == 1 and "<figcaption>See &lt;b&gt;</figcaption>" in page


def test_a_chart_without_words_is_refused():
    for title, alt in (("It falls", "  "), (" ", "what is seen")):
        with pytest.raises(ValueError, match="title, and alt text"):
            Chart(style.new()[0], title, alt)


def test_a_word_that_is_none_is_refused():
    with pytest.raises(TypeError, match="title, alt and caption, not color"):
        figures.schedule([1e-3, 1e-4], color="red")


def test_the_same_chart_is_the_same_picture():
    assert line(False).html() == line(False).html()


def test_a_long_title_keeps_its_unit_and_stays_inside():
    found = Chart(
        style.new(3.0, 2.0)[0], "A long finding that ends in a number of 90 %", "x"
    )
    lines = found.figure.get_suptitle().split("\n")
    assert max(map(len, lines)) <= 30 and not any(one.startswith("%") for one in lines)


def test_a_page_gets_a_still_and_nothing_of_plotly(monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    page = FINDINGS["hover_scatter"](False)._repr_mimebundle_()["text/html"]
    assert page.count("<img") == 1 and "plotly" not in page.lower()


def test_the_dark_turns_what_is_plotted_around_and_no_frame():
    tissue = np.full((40, 60, 3), (180, 40, 30), np.uint8)
    assert 'class="plotted"' in line(False).html()
    assert "plotted" not in figures.strip([tissue], ["a"]).html()


def test_plotly_is_live_in_jupyter(monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "0")
    monkeypatch.setattr("plotly.io.renderers.default", "plotly_mimetype")
    bundle = FINDINGS["hover_scatter"](False)._repr_mimebundle_()
    live = bundle["application/vnd.plotly.v1+json"]
    assert live["config"] == chart.PLOTLY and "rank correlation" in bundle["text/plain"]


def test_a_chart_is_offered_to_the_front_page_without_its_caption_twice(shown):
    found = line(False)
    assert found.front("threshold") is found
    left = shown[0][chart.FIGURE_TYPE]
    assert left["name"] == "threshold" and left["caption"] == found.caption
    assert "<img" in left["html"] and "figcaption" not in left["html"]


def test_an_undefined_cell_is_a_dash_and_not_a_zero():
    rows = pd.DataFrame({"name": ["a"], "value": [math.nan]})
    page = figures.table(rows, "caption <b>")._repr_html_()
    assert "–" in page and "0.000" not in page and "caption &lt;b&gt;" in page


def test_a_cell_that_rounds_to_zero_has_no_sign():
    rows = pd.DataFrame({"value": [-0.0004, -0.5]})
    page = figures.table(rows, "caption")._repr_html_()
    assert "-0.000" not in page and ">0.000<" in page and ">-0.500<" in page


def test_the_overlay_gives_each_kind_of_pixel_its_colour():
    image = np.full((2, 3, 3), 100, np.uint8)
    blood = np.array([[True, True, False], [False, True, True]])
    found = np.array([[True, False, True], [False, True, True]])
    valid = np.array([[True, True, True], [True, True, False]])
    picture = figures.overlay(image, blood, valid, found)

    def mixed(kind: str) -> tuple:
        colour = np.round(255 * np.array(matplotlib.colors.to_rgb(style.COLOURS[kind])))
        return tuple((0.35 * 100 + 0.65 * colour).astype(int))

    assert tuple(picture[0, 0]) == mixed("hit") and tuple(picture[0, 1]) == mixed(
        "missed"
    )
    assert tuple(picture[0, 2]) == mixed("false alarm")
    assert tuple(picture[1, 0]) == (100, 100, 100)
    assert tuple(picture[1, 2]) == (33, 33, 33)  # not valid: it counts nowhere


def test_the_gallery_picks_best_middle_and_worst():
    table = pd.DataFrame(
        {
            "split": "ood_test",
            "subject": list("abcde"),
            "dice": [0.3, math.nan, 0.9, 0.1, 0.5],
        }
    )
    chosen = []

    def picture(row):
        chosen.append(row["subject"])
        return np.zeros((8, 8, 3), np.uint8)

    found = figures.gallery(table, picture)
    assert (
        chosen == ["c", "e", "d"] and "0.10 to 0.90 on unseen patients" in found.title
    )


def test_intervals_are_held_against_the_value_that_says_nothing():
    found = {
        "one": Estimate(0.7, 0.6, 0.8, 0.9, 40, 4, split="ood_test"),
        "other": Estimate(0.4, 0.2, 0.6, 0.9, 40, 4, split="ood_test"),
    }
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


def test_padding_is_no_rim():
    one = np.full((40, 40), np.nan)
    one[10:30] = 0
    one[10:13], one[27:30] = 90, 90
    assert "densest at the rim" in figures.error_map({"ood_test": one}).title


def test_a_name_with_a_hyphen_stays_whole():
    title = "Dice on frames falls from one place to another wished-for place"
    assert "wished-for" in Chart(style.new(5.4, 2)[0], title, "x").figure.get_suptitle()


@pytest.mark.parametrize("name", FINDINGS | OTHERS)
def test_a_chart_keeps_the_rules_of_the_page(name, monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    page = (FINDINGS | OTHERS)[name](False)._repr_mimebundle_()["text/html"]
    assert faults(page) == [] and page.count("<figcaption>") == 1


def carried(*pairs):
    return figures.carried(
        {
            name: (Estimate(here, split="id_test"), Estimate(there, split="ood_test"))
            for name, here, there in pairs
        },
        "Dice",
    ).title


def test_the_way_between_domains_is_told_as_it_is():
    rule, network = ("rule", 0.7, 0.5), ("U-Net", 0.9, 0.2)
    way = "From unseen pigs to unseen patients"
    assert carried(rule, network) == (
        f"{way} 'rule' loses least (0.20), 'U-Net' loses 0.70"
    )
    assert carried(network, ("click", 0.1, 0.4)) == (
        f"{way} 'click' gains most (0.30), 'U-Net' loses 0.70"
    )
    nan = float("nan")
    assert carried(rule, ("U-Net", 0.9, nan)) == "'rule' loses 0.20 on unseen patients"
    assert carried(("rule", nan, nan)).startswith("Nothing can be compared")


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
