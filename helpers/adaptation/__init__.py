"""Remedies: what can be done about a shift, before training, in training and at test
time.

Each is a few lines that the lesson shows. Which of them may look at target frames is
part of a remedy: see REMEDIES.
"""

import pandas as pd

from helpers.adaptation.augmentation import (
    RandomConvolution,
    RandomGamma,
    Restyle,
    RoundView,
    heavy_augmentation,
)
from helpers.adaptation.networks import (
    Ensemble,
    adabn_transductive,
    adapt_batchnorm,
    entropy,
    tent,
    tent_online,
    without_black,
)
from helpers.adaptation.styles import Fourier, Histogram, Reinhard

NONE, UNLABELLED, LABELLED = "none", "unlabelled", "labelled"
TESTED = "unlabelled, the tested ones"
_AS = "the same, "
REMEDIES = pd.DataFrame(
    [
        (
            "heavy_augmentation",
            "heavy augmentation",
            "training",
            NONE,
            "colour, tone, optics and round views at random",
        ),
        (
            "random_convolution",
            "random convolutions",
            "training",
            NONE,
            "Xu et al., ICLR 2021",
        ),
        (
            "fourier",
            "Fourier domain adaptation",
            "training",
            UNLABELLED,
            "Yang and Soatto, CVPR 2020",
        ),
        (
            "reinhard",
            "Reinhard in training",
            "training",
            UNLABELLED,
            "Reinhard et al., IEEE CG&A 21(5), 2001",
        ),
        (
            "reinhard_test",
            "Reinhard at test time",
            "test",
            NONE,
            _AS + "target frames made to look like source",
        ),
        (
            "histogram_test",
            "histogram matching at test time",
            "test",
            NONE,
            "Gonzalez and Woods, ch. 3",
        ),
        (
            "adabn",
            "AdaBN",
            "test",
            UNLABELLED,
            "Li et al., Pattern Recognition 80, 2018",
        ),
        (
            "adabn_transductive",
            "AdaBN, transductive",
            "test",
            TESTED,
            _AS + "with the statistics of the test frames themselves",
        ),
        ("tent", "TENT, one pass", "test", UNLABELLED, "Wang et al., ICLR 2021"),
        (
            "tent_online",
            "TENT, online",
            "test",
            TESTED,
            _AS + "each test batch adapts, black included, then is predicted",
        ),
        (
            "ensemble",
            "ensemble of three",
            "test",
            NONE,
            "Lakshminarayanan et al., NeurIPS 2017",
        ),
        (
            "few_labelled",
            "a few labelled target frames",
            "training",
            LABELLED,
            "of other patients than those tested",
        ),
    ],
    columns=["remedy", "name", "when", "target_frames", "idea"],
).set_index("remedy")
"""Every remedy of the course: when it acts, and which target frames it may see: none,
unlabelled or labelled ones of validation patients, or the tested ones, unlabelled."""

CONTROLS = {
    "nothing": "nothing: the baseline",
    "view_rule": "the rule about the view",
    "threshold": "a threshold by validation patients",
    "longer": "trained on as long, nothing new",
    "fill_left_out": "the old baseline, fill left out",
    "fill_left_out_rule": "the old baseline and the rule",
}
"""What any remedy must beat, by name. The rule: what lies outside the visible view is
no blood."""
NAMES = CONTROLS | REMEDIES["name"].to_dict()
