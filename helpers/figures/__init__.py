"""Every plot of the course. Each function returns a Chart, which knows its data: from
them it makes its title (the finding), its alt text and its caption.

>>> import pandas as pd
>>> chart = subject_dots({"id_test": pd.Series({"pig1": 0.8, "pig2": 0.7}),
...                       "ood_test": pd.Series({"video01": 0.3})}, "Dice")
>>> chart.title
'Dice falls from 0.75 on unseen pigs to 0.30 on unseen patients'
"""

from helpers.figures.carried import carried
from helpers.figures.causes import by_drawing, truth_estimate_placebo
from helpers.figures.chart import Chart, Table, source, table
from helpers.figures.curves import distance, histories, line, schedule
from helpers.figures.drawings import unet
from helpers.figures.errors import (
    error_map,
    false_by_class,
    false_by_region,
)
from helpers.figures.gains import against, gains
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
from helpers.figures.style import COLOURS
from helpers.figures.subjects import by_subject, estimates, single_patient, subject_dots
from helpers.figures.time import counted_cases, decisions, timeline
