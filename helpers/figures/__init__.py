"""Every plot of the course. Each function returns a Chart, which knows its data: from
them it makes its title (the finding), its alt text and its caption.

>>> import pandas as pd
>>> chart = subject_dots({"id_test": pd.Series({"pig1": 0.8, "pig2": 0.7}),
...                       "ood_test": pd.Series({"video01": 0.3})}, "Dice")
>>> chart.title
'Dice falls from 0.75 on unseen pigs to 0.30 on unseen patients'
"""

from helpers.figures.chart import COLOURS, Chart, Table, source, table
from helpers.figures.curves import (
    against,
    counted_cases,
    decisions,
    distance,
    division,
    failure_bars,
    false_by_class,
    false_by_region,
    histories,
    hover_scatter,
    line,
    schedule,
)
from helpers.figures.dots import (
    by_drawing,
    by_subject,
    carried,
    correlations,
    estimates,
    gains,
    single_patient,
    subject_dots,
    truth_estimate_placebo,
)
from helpers.figures.pictures import (
    OVERLAY,
    classes,
    clicked,
    error_map,
    gallery,
    heat,
    moving,
    overlay,
    strip,
    unet,
)
