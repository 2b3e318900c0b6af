"""The same chart for the dark: paper and ink change places, and frames of surgery stay
as they are.

>>> in_the_dark("#ffffff"), in_the_dark("#000000")
('#202226', '#e7e3dc')
"""

import pickle

import numpy as np
from matplotlib import colors
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

PAPER, INK = "#202226", "#e7e3dc"  # --raised and --ink of the pages in the dark
GREY = 0.12  # below this saturation a colour is a grey, and is turned around
READABLE = 3.6  # contrast of what is drawn against PAPER; WCAG asks for 3


def darkened(figure: Figure) -> Figure:
    """A copy of a matplotlib figure for dark pages; the figure stays as it is.

    Greys are turned around and colours too dark to be seen become lighter. Pictures,
    colour maps, and the key to the colours of a picture are left alone.
    """
    copy = pickle.loads(pickle.dumps(figure))
    pictured = any(_is_picture(one) for one in copy.findobj(AxesImage))
    copy.patch.set_facecolor(PAPER)
    for axes in copy.axes:
        axes.patch.set_facecolor(in_the_dark(axes.patch.get_facecolor()))
    kept = {id(text) for axes in copy.axes if axes.images for text in axes.texts}
    for one in copy.findobj(Text, include_self=False):
        # Words on a picture stand on its colours, and white ones on a coloured field.
        if id(one) not in kept and colors.to_hex(one.get_color()) != "#ffffff":
            one.set_color(in_the_dark(one.get_color()))
    for one in copy.findobj(Line2D):
        line, face = one.get_color(), one.get_markerfacecolor()
        edge = one.get_markeredgecolor()
        one.set_color(in_the_dark(line))
        one.set_markerfacecolor(in_the_dark(face))
        one.set_markeredgecolor(in_the_dark(edge))
    for one in copy.findobj(Collection):
        if one.get_array() is None:
            face, edge = one.get_facecolor(), one.get_edgecolor()
            one.set_facecolor(_all_of(face))
            one.set_edgecolor(_all_of(edge))
    backs = {id(copy.patch), *(id(axes.patch) for axes in copy.axes)}
    for one in copy.findobj(Patch):
        if id(one) not in backs and not pictured:
            face, edge = one.get_facecolor(), one.get_edgecolor()
            one.set_facecolor(in_the_dark(face))
            one.set_edgecolor(in_the_dark(edge))
    for axes in copy.axes:  # last: ticks are made anew as they are drawn
        axes.tick_params(colors=INK, which="both")
    return copy


def in_the_dark(colour) -> str | tuple:
    """A colour of a light page as a dark page shows it; its transparency is kept, and
    "none" and what else is no colour comes back as it was."""
    if isinstance(colour, str) and colour in ("none", "auto"):
        return colour
    rgba = np.array(colors.to_rgba(colour))
    red_green_blue = rgba[:3]
    if red_green_blue.max() - red_green_blue.min() < GREY:
        ends = np.array([colors.to_rgb(INK), colors.to_rgb(PAPER)])
        share = red_green_blue.mean()
        made = (1 - share) * ends[0] + share * ends[1]
    else:
        made = red_green_blue
        while _contrast(made) < READABLE:
            made = made + 0.1 * (1 - made)
    if rgba[3] == 1:
        return colors.to_hex(made)
    return (*(float(part) for part in made), float(rgba[3]))


def _all_of(rows: np.ndarray) -> list:
    return [in_the_dark(tuple(row)) for row in np.atleast_2d(rows) if len(row)]


def _is_picture(image: AxesImage) -> bool:
    return np.ndim(image.get_array()) == 3


def _contrast(colour: np.ndarray) -> float:
    return (_luminance(colour) + 0.05) / (_luminance(colors.to_rgb(PAPER)) + 0.05)


def _luminance(colour) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour
    ]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))
