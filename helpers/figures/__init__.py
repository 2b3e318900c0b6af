"""Every plot of the course. Each function returns a Chart, which knows its data: from
them it makes its title (the finding), its alt text and its caption.

>>> import pandas as pd
>>> chart = subject_dots({"id_test": pd.Series({"pig1": 0.8, "pig2": 0.7}),
...                       "ood_test": pd.Series({"video01": 0.3})}, "Dice")
>>> chart.title
'Dice falls from 0.75 on unseen pigs to 0.30 on unseen patients'
"""

from helpers.figures.causes import against, by_drawing, gains, truth_estimate_placebo
from helpers.figures.chart import Chart, Table, source, table
from helpers.figures.curves import distance, histories, line, schedule
from helpers.figures.drawings import unet
from helpers.figures.errors import (
    division,
    error_map,
    failure_bars,
    false_by_class,
    false_by_region,
)
from helpers.figures.pictures import (
    OVERLAY,
    classes,
    clicked,
    gallery,
    heat,
    moving,
    overlay,
    strip,
)
from helpers.figures.scatter import correlations, hover_scatter
from helpers.figures.style import COLOURS
from helpers.figures.subjects import (
    by_subject,
    carried,
    estimates,
    single_patient,
    subject_dots,
)
from helpers.figures.time import counted_cases, decisions, timeline
