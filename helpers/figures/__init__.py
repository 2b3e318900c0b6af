"""Every plot of the course. Each function returns a Chart, which knows its data: from
them it makes its title (the finding), its alt text and its caption.

>>> import pandas as pd
>>> chart = subject_dots({"id_test": pd.Series({"pig1": 0.8, "pig2": 0.7}),
...                       "ood_test": pd.Series({"video01": 0.3})}, "Dice")
>>> chart.title
'Dice falls from 0.75 on unseen pigs to 0.30 on unseen patients'
"""

from helpers.figures.carried import carried
from helpers.figures.causes import (
    by_drawing,
    shares,
    truth_estimate_placebo,
)
from helpers.figures.chart import Chart, Table, source, table
from helpers.figures.curves import distance, doses, histories, line, schedule
from helpers.figures.drawings import unet
from helpers.figures.errors import (
    error_map,
    false_by_class,
    false_by_region,
    regions,
)
from helpers.figures.gains import against, gains, steps
from helpers.figures.losses import division, failure_bars
from helpers.figures.moving import moving
from helpers.figures.pictures import (
    OVERLAY,
    classes,
    clicked,
    gallery,
    heat,
    overlay,
    strip,
)
from helpers.figures.scatter import correlations, hover_scatter
from helpers.figures.style import COLOURS, name_of
from helpers.figures.subjects import by_subject, estimates, single_patient, subject_dots
from helpers.figures.time import counted_cases, decisions, timeline

__all__ = [
    "COLOURS",
    "Chart",
    "OVERLAY",
    "Table",
    "against",
    "by_drawing",
    "by_subject",
    "carried",
    "classes",
    "clicked",
    "correlations",
    "counted_cases",
    "decisions",
    "distance",
    "division",
    "doses",
    "error_map",
    "estimates",
    "failure_bars",
    "false_by_class",
    "false_by_region",
    "gains",
    "gallery",
    "heat",
    "histories",
    "hover_scatter",
    "line",
    "moving",
    "name_of",
    "overlay",
    "regions",
    "schedule",
    "shares",
    "single_patient",
    "source",
    "steps",
    "strip",
    "subject_dots",
    "table",
    "timeline",
    "truth_estimate_placebo",
    "unet",
]
