"""The remedies of lesson 07 as recipes, and the controls that any remedy must beat.

A recipe takes a Setting and gives a Remedied: a network, and what is done around it.
What is measured of it stands in MEASURES: by frame in `measured`, by patient in
`by_subject`.
"""

from helpers.remedies.measuring import MEASURES, by_subject, marked, measured
from helpers.remedies.recipes import (
    CONTROLS,
    FEW,
    RECIPES,
    STYLES,
    THRESHOLDS,
    adabn,
    adabn_transductive,
    ensemble,
    few_labelled,
    fill_left_out,
    fill_left_out_rule,
    fourier,
    heavy_augmentation,
    histogram_test,
    longer,
    members,
    nothing,
    random_convolution,
    reinhard,
    reinhard_test,
    spread,
    tent,
    tent_online,
    threshold,
    view_rule,
)
from helpers.remedies.setting import Remedied, Setting
