"""Remedies: what can be done about a shift, before training, in training and at test time.

Each is a few lines that the lesson shows. Which of them may look at target frames is part of a remedy: see
REMEDIES.
"""

import pandas as pd

from helpers.adaptation.augmentation import (
    RandomConvolution,
    RandomGamma,
    Restyle,
    RoundView,
    heavy_augmentation,
)
from helpers.adaptation.networks import Ensemble, adapt_batchnorm, entropy, tent
from helpers.adaptation.styles import Fourier, Histogram, Reinhard, restyled

REMEDIES = pd.DataFrame(
    [("heavy_augmentation", "heavy augmentation", "training", "none", "colour, tone, optics and round views "
                                                                      "at random"),
     ("random_convolution", "random convolutions", "training", "none", "Xu et al., ICLR 2021"),
     ("fourier", "Fourier domain adaptation", "training", "unlabelled", "Yang and Soatto, CVPR 2020"),
     ("reinhard", "Reinhard in training", "training", "unlabelled", "Reinhard et al., IEEE CG&A 21(5), 2001"),
     ("reinhard_test", "Reinhard at test time", "test", "unlabelled", "the same, target frames made to look "
                                                                      "like source"),
     ("histogram_test", "histogram matching at test time", "test", "unlabelled", "Gonzalez and Woods, ch. 3"),
     ("adabn", "AdaBN", "test", "unlabelled", "Li et al., Pattern Recognition 80, 2018"),
     ("tent", "TENT", "test", "unlabelled", "Wang et al., ICLR 2021"),
     ("ensemble", "ensemble of three", "test", "none", "Lakshminarayanan et al., NeurIPS 2017"),
     ("few_labelled", "a few labelled target frames", "training", "labelled", "of other patients than those "
                                                                              "tested")],
    columns=["remedy", "name", "when", "target_frames", "idea"]).set_index("remedy")
"""Every remedy of the course: when it acts, and which target frames it may see (none, unlabelled,
labelled)."""

__all__ = ["REMEDIES", "Ensemble", "Fourier", "Histogram", "RandomConvolution", "RandomGamma", "Reinhard",
           "Restyle", "RoundView", "adapt_batchnorm", "entropy", "heavy_augmentation", "restyled", "tent"]
