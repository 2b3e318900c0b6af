"""Every plot of the course: each function returns a figure, and `show` puts it on the page with its alt text."""

from helpers.figures.causes import against, doses, gains, shares, steps
from helpers.figures.charts import (by_subject, correlations, distance, dots_with_intervals, failure_bars, histories, line,
                                    schedule, single_patient, subject_dots)
from helpers.figures.display import headline, show, source, table, to_html
from helpers.figures.drawings import unet
from helpers.figures.pictures import classes, overlay, strip
from helpers.figures.scatter import hover_scatter
from helpers.figures.style import COLOURS, name_of

__all__ = ["COLOURS", "against", "by_subject", "classes", "correlations", "distance", "doses", "dots_with_intervals",
           "failure_bars", "gains", "headline", "histories", "hover_scatter", "line", "name_of", "overlay", "schedule", "shares",
           "show", "single_patient", "source", "steps", "strip", "subject_dots", "table", "to_html", "unet"]
