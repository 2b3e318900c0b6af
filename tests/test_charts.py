"""helpers.charts and helpers.pictures: what is given is drawn, and told in words."""

import math

import matplotlib
import numpy as np
import pandas as pd
import plotly.express
import pytest
import torch
from lessons_by_hand import lifted

from helpers import charts, models, pictures
from helpers.statistics import Estimate
from helpers.words import counted, noun
from report.pages import faults

NAN = math.nan
MEANS = {"id_test": [0.8, 0.7], "ood_test": [0.2], "ood_wished": []}
PART = pd.DataFrame(
    [[0.1, 0.2], [0.3, NAN]], ["view", "light"], ["id_test", "ood_test"]
)
X = np.linspace(0, 1, 200)
TISSUE = np.full((40, 60, 3), (180, 40, 30), np.uint8)
SIZES = [(3, 96, 128, 1), (16, 48, 64, 2), (24, 24, 32, 4), (320, 12, 16, 8)]
STAGES = pd.DataFrame(SIZES, columns=["channels", "height", "width", "scale"])
POINTS = {"x": X, "dice": 1 - X, "subject": np.repeat(["a", "b"], 100), "frame": 0}
MAP = np.full((8, 8), NAN)
MAP[2:6] = 50
CLOUD = lifted(
    "04",
    *("to_hover", "points", "cloud"),
    SHAPES={"o": "circle", "s": "square"},
    table=pd.DataFrame(POINTS),
    main="ood_test",
    **{"px": plotly.express, "charts": charts, "counted": counted, "noun": noun},
)


def dots(marks, **how):
    return charts.dots(marks, "Dice", "Dice on frames", **how)


def lines(curves, **how):
    return charts.lines(curves, "Dice", "threshold", "Dice", **how)


def estimates():
    one = Estimate(0.2, 0.1, 0.3, 0.9, 40, 12, split="ood_test")
    wide = Estimate(0.5, 0.2, 0.8, 0.9, 40, 12, split="ood_test")
    marks = lifted("10", "of_estimates", pd=pd)["of_estimates"]
    return marks({"sure": [one], "wide": [wide], "none": [Estimate(0.4)]})


# A chart of each kind, and what its alternative text must tell.
CHARTS = {
    "means": (
        lambda: dots(charts.of_means(MEANS)),
        "unseen pigs (2): mean 0.75 of 2, from 0.70 to 0.80; unseen patients (1): 0.20",
    ),
    "estimates": (
        lambda: dots(estimates(), mark=0.0),
        "sure: 0.20 (0.10 to 0.30); wide: 0.50 (0.20 to 0.80); none: 0.40",
    ),
    "joined": (
        lambda: dots(charts.of_table(PART), join=True, apart=0.2),
        "view: unseen pigs 0.10, unseen patients 0.20; light: unseen pigs 0.30",
    ),
    "bars": (
        lambda: charts.bars(PART, "Cost", "cost in Dice", whole=1),
        "view: unseen pigs 0.10, unseen patients 0.20; light: unseen pigs 0.30, unseen "
        "patients undefined",
    ),
    "one bar": (
        lambda: charts.bars(PART[["id_test"]], "Cost", "cost in Dice"),
        "view: 0.10; light: 0.30",
    ),
    "lines": (
        lambda: lines({"id_test": ([0.1, 0.9], [0.7, 0.6])}, mark=(0.5, "used")),
        "unseen pigs: 0.7 at 0.1, 0.6 at 0.9, between 0.6 and 0.7",
    ),
    "steps": (
        lambda: lines({"a": ([1, 2], [1e-3, 1e-5]), "b": ([1], [0.1])}, strong="a"),
        "a: 0.001 at 1, 1e-05 at 2, between 1e-05 and 0.001",
    ),
    "scatter": (
        lambda: CLOUD["cloud"]("x", "light"),
        "a: light 0.25, Dice 0.75; b: light 0.75, Dice 0.25",
    ),
    "strip": (
        lambda: pictures.strip([TISSUE] * 2, ["one", "two"], legend=pictures.OVERLAY),
        "2 pictures: one; two",
    ),
    "maps": (lambda: pictures.maps({"a": MAP}, "Missed", alt="50 %"), "50 %"),
    "unet": (
        lambda: pictures.unet(STAGES, [64, 32, 16]),
        "128×96 pixels to 320 channels of 16×12",
    ),
}
NOTHING = {
    "means": lambda: dots(charts.of_means({"ood_test": []})),
    "dots": lambda: dots(charts.of_means({})),
    "line": lambda: lines({"a": ([0, 1], [NAN, NAN])}),
    "bars": lambda: charts.bars(PART * NAN, "Cost", "cost"),
    "map": lambda: pictures.maps({"a": MAP * 0}, "Missed", alt="none"),
}


@pytest.fixture(scope="module")
def made():
    return {name: make() for name, (make, _) in CHARTS.items()}


@pytest.mark.parametrize("name", CHARTS)
def test_the_alt_text_tells_the_table_and_the_still_keeps_the_pages_rules(
    made, name, monkeypatch
):
    monkeypatch.setenv("COURSE_STATIC", "1")
    found = made[name]
    assert CHARTS[name][1] in found.alt and "nan" not in found.alt
    page = found._repr_mimebundle_()["text/html"]
    assert not list(faults(page)) and page.count("<img") == 1
    assert "plotly" not in page.lower()


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_to_draw_breaks_nothing_and_warns_of_nothing(name, recwarn):
    found = NOTHING[name]()
    assert "nan" not in found.alt and found.html() and not recwarn.list


def spans(one):
    """The level and upright lines of a chart: their ends in x, and how strong."""
    return {
        tuple(np.round(ends[:, 0], 2)): part.get_alpha()
        for part in one.axes[0].collections
        for ends in getattr(part, "get_segments", list)()
        if len(ends)
    }


def drawn(one):
    """The dots of a chart, (x, row), from left to right."""
    places = [
        tuple(at) for part in one.axes[0].collections for at in part.get_offsets()
    ]
    return sorted((float(x), round(float(y))) for x, y in places if y > -1)


def test_dots_stand_where_their_values_are_and_a_bar_at_their_mean(made):
    assert {(0.2, 1), (0.7, 0), (0.8, 0)} <= {*drawn(made["means"])}
    assert (0.75, 0.75) in spans(made["means"])


def test_a_wide_interval_is_pale(made):
    strength = spans(made["estimates"])
    assert strength[0.2, 0.8] < strength[0.1, 0.3]


def test_bars_and_lines_are_as_long_as_their_numbers(made):
    widths = [round(one.get_width(), 6) for one in made["bars"].axes[0].patches]
    assert widths == [0.1, 0.3, 0.2, 0.0]
    (curve, mark) = made["lines"].axes[0].lines
    assert list(curve.get_ydata()) == [0.7, 0.6] and [*mark.get_xdata()] == [0.5, 0.5]


def test_means_are_told_for_a_title():
    said = "0.75 on unseen pigs (2), 0.20 on unseen patients (1), undefined on "
    assert charts.told(MEANS) == f"{said}wished-for patients (0)"
    assert charts.told({}) == "undefined"


def test_the_colours_are_okabe_and_itos():
    known = "#0072B2 #56B4E9 #009E73 #E69F00 #D55E00 #CC79A7 #F0E442 #000000 #FFFFFF"
    used = {*charts.COLOURS.values(), *charts.PALETTE, *charts.DID.values()}
    assert used <= {*known.split(), "#4D4D4D", "#B3B3B3"}


def test_a_chart_shows_itself_and_is_found_by_its_alt_text():
    alt = 'a "quoted" <figure> & more'
    one = charts.Chart(charts.new(7.0, 4.0)[0], "It falls", alt, "See <b>")
    page = one.html()
    assert 'alt="a &quot;quoted&quot; &lt;figure&gt; &amp; more"' in page
    assert page.count("<img") == 1 and "<figcaption>See &lt;b&gt;</figcaption>" in page
    assert page == one.html()


def test_missing_words_are_refused():
    for title, alt in (("It falls", "  "), (" ", "what is seen")):
        with pytest.raises(ValueError, match="title, and alt text"):
            charts.Chart(charts.new(7.0, 4.0)[0], title, alt)


def test_a_long_title_stays_inside_and_keeps_its_unit_and_its_hyphens():
    for title, whole in (
        ("A long finding that ends in a number of 90 %", "90\N{NO-BREAK SPACE}%"),
        ("Dice falls from one place to another wished-for place", "wished-for"),
    ):
        said = charts.Chart(charts.new(3.0, 2.0)[0], title, "x").figure.get_suptitle()
        assert whole in said and max(map(len, said.split("\n"))) <= 30


def test_the_dark_turns_what_is_plotted_around_and_no_frame(made):
    assert 'class="plotted"' in made["lines"].html()
    assert "plotted" not in made["strip"].html()


def test_plotly_is_live_in_jupyter(made, monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "0")
    monkeypatch.setattr("plotly.io.renderers.default", "plotly_mimetype")
    bundle = made["scatter"]._repr_mimebundle_()
    live = bundle["application/vnd.plotly.v1+json"]
    assert live["config"] == charts.PLOTLY and "200 points" in bundle["text/plain"]


def test_a_chart_is_offered_to_the_front_page_without_its_caption_twice(monkeypatch):
    shown = []
    monkeypatch.setattr(charts, "display", lambda thing, **_: shown.append(thing))
    one = charts.Chart(charts.new(7.0, 4.0)[0], "It falls", "seen", "look here")
    assert one.front("fall") is one
    left = shown[0][charts.FIGURE_TYPE]
    assert left["name"] == "fall" and left["caption"] == "look here"
    assert "<img" in left["html"] and "figcaption" not in left["html"]


def test_an_undefined_cell_is_a_dash_and_one_that_rounds_to_zero_has_no_sign():
    rows = pd.DataFrame({"name": list("abc"), "value": [NAN, -0.0004, -0.5]})
    page = charts.table(rows, "caption <b>")._repr_html_()
    assert ">–<" in page and page.count(">0.000<") == 1 and ">-0.500<" in page
    assert "-0.000" not in page and "caption &lt;b&gt;" in page


def test_the_overlay_gives_each_kind_of_pixel_its_colour():
    image = np.full((2, 3, 3), 100, np.uint8)
    blood = np.array([[True, True, False], [False, True, True]])
    found = np.array([[True, False, True], [False, True, True]])
    valid = np.array([[True, True, True], [True, True, False]])
    picture = pictures.overlay(image, blood, valid, found)

    def mixed(kind: str) -> tuple:
        colour = np.round(255 * np.array(matplotlib.colors.to_rgb(charts.DID[kind])))
        return tuple((0.35 * 100 + 0.65 * colour).astype(int))

    row = [mixed("hit"), mixed("missed"), mixed("false alarm")]
    assert [tuple(one) for one in picture[0]] == row
    assert tuple(picture[1, 0]) == (100, 100, 100)
    assert tuple(picture[1, 2]) == (33, 33, 33)  # not valid: it counts nowhere


def test_clicks_are_drawn_where_they_were_made():
    image = np.full((20, 30, 3), 128, np.uint8)
    mask = np.zeros((20, 30), bool)
    shown = pictures.clicked(image, mask, [(5, 10, True), (25, 3, False)])
    assert shown.shape == (60, 90, 3) and (image == 128).all()
    changed = np.argwhere((shown != 128).any(axis=2))
    near_one = np.abs(changed - (31, 16)).max(axis=1) <= 7
    near_other = np.abs(changed - (10, 76)).max(axis=1) <= 9
    assert near_one.any() and near_other.any() and (near_one | near_other).all()
    assert tuple(shown[31, 16]) == (255, 255, 255)


def test_maps_share_one_scale_and_are_grey_where_nothing_is_known(made):
    both = pictures.maps({"a": MAP, "b": MAP / 2}, "Missed", alt="seen")
    drawn = [axis.images[0] for axis in both.axes[:2]]
    assert {one.get_clim() for one in drawn} == {(0, 50)}
    assert np.isnan(MAP).tolist() == drawn[0].get_array().mask.tolist()


@pytest.mark.parametrize("encoder", ["lite0", "resnet18"])
def test_the_boxes_of_the_u_net_have_the_sizes_of_its_maps(encoder):
    model = models.build(encoder, weights=None)
    network, seen = model.network, {"down": [], "up": []}

    def note(side):
        return lambda _, __, out: seen[side].append(tuple(out.shape[1:]))

    for block in network.decoder.blocks:
        block.register_forward_hook(note("up"))
    stages_of = lifted("02", "stages_of", torch=torch, pd=pd)["stages_of"]
    stages = stages_of(model, (64, 96))
    with torch.inference_mode():
        frame = torch.rand(1, 3, 64, 96)
        seen["down"] += [tuple(one.shape[1:]) for one in network.encoder(frame)]
        network(frame)
    found = pictures.unet(stages, [channels for channels, _, _ in seen["up"]])
    (axis,) = found.axes
    texts = [one.get_text() for one in axis.texts if one.get_text()]
    boxes = [f"$\\bf{{{c}}}$\n{w}×{h}" for c, h, w in seen["down"] + seen["up"]]
    assert texts[: len(boxes)] == boxes
    # smp's blocks take the maps beside them, and never the frame.
    arrows = [one.arrow_patch for one in axis.texts if not one.get_text()]
    dashed = [one for one in arrows if one.get_linestyle() == "--"]
    skips = [
        one for one in seen["down"][1:-1] if one[1:] in {u[1:] for u in seen["up"]}
    ]
    assert len(dashed) == len(skips) == 4
    assert "from the frame's 3 channels of 96×64 pixels" in found.alt
    assert f"to {seen['down'][-1][0]} channels of 3×2, 1/32 of" in found.alt
