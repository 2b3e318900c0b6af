"""The plots of the lessons that have not come to helpers.charts and helpers.pictures
yet; it goes with the last of them."""

from helpers.figures.chart import COLOURS, Chart, Table, source, table
from helpers.figures.curves import (
    against,
    counted_cases,
    decisions,
    hover_scatter,
    line,
    schedule,
)
from helpers.figures.dots import (
    by_drawing,
    correlations,
    estimates,
    truth_estimate_placebo,
)
from helpers.figures.pictures import (
    OVERLAY,
    heat,
    moving,
    overlay,
    strip,
)
