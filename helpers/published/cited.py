"""Figures that stand in no published table: read from the study's code, or cited from others, each with where it stands."""

from helpers.published.claims import Numbers
from helpers.published.files import STUDY, STUDY_COMMIT

CODE = f"{STUDY}@{STUDY_COMMIT[:7]}"
CLEAN = "RiccardoMazzi01/bleedsense_cvcs2026, docs/ and results/"
GYN = "human gynaecological laparoscopy (Rabbani et al., MIDL 2022)"

# name: value, unit, estimand, split, source
READ_FROM_CODE = {
    "scored_red": (231, "", "red of the colour that was scored as blood", "", f"{CODE}:src/data_pipeline.py"),
    "scored_green": (70, "", "green of the colour that was scored as blood", "", f"{CODE}:src/data_pipeline.py"),
    "scored_blue": (156, "", "blue of the colour that was scored as blood", "", f"{CODE}:src/data_pipeline.py"),
    "image_size": (256, "pixels", "side of the square that frames are squashed to", "", f"{CODE}:src/data_pipeline.py"),
    "split_share": (80, "%", "share of the shuffled frames that go to train", "HemoSet", f"{CODE}:src/data_pipeline.py"),
    "good_dice": (0.5, "", "Dice from which a frame counts as CORRECT", "", f"{CODE}:src/domain_analysis.py"),
    "batch": (16, "frames", "batch", "", f"{CODE}:src/train.py"),
    "rate_first": (1e-4, "", "learning rate at the start (Adam)", "", f"{CODE}:src/train.py"),
    "rate_floor": (1e-6, "", "learning rate at the foot of the cosine", "", f"{CODE}:src/train.py"),
    "weight_decay": (1e-5, "", "weight decay", "", f"{CODE}:src/train.py"),
    "max_epochs": (50, "epochs", "epochs at most", "", f"{CODE}:src/train.py"),
    "patience": (10, "epochs", "epochs without a better validation Dice before training stops", "", f"{CODE}:src/train.py"),
}
REFERENCE = {
    "reference_in_domain": (0.745, "HemoSet, pig-grouped five-fold, mean of three architectures, best epoch on its own fold"),
    "reference_ood": (0.217, f"HemoSet to {GYN}"),
    "reference_ood_augmented": (0.321, f"HemoSet to {GYN}, heavy augmentation"),
    "reference_ood_reinhard": (0.263, f"HemoSet to {GYN}, Reinhard"),
    "reference_ood_fda": (0.242, f"HemoSet to {GYN}, Fourier domain adaptation"),
    "reference_ood_mixstyle": (0.203, f"HemoSet to {GYN}, MixStyle"),
    "reference_ood_ensemble": (0.343, f"HemoSet to {GYN}, ensemble of three"),
    "reference_reverse": (0.585, f"{GYN} to HemoSet"),
}


def cite(numbers: Numbers) -> None:
    """Add what is read from code or cited, marked `data="cited"`."""
    for name, (value, unit, estimand, split, source) in READ_FROM_CODE.items():
        numbers.put(name, value, estimand, source, split, unit, data="cited")
    for name, (value, split) in REFERENCE.items():
        numbers.put(name, value, "Dice", CLEAN, split, data="cited")
