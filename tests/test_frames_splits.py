"""Splits by subject: nobody on two sides, everybody tested once over the folds, row order no matter."""

import pandas as pd
import pytest
from frames_by_hand import sentence_of

from helpers import frames

# Labelled frames of each pig in HemoSet as released: data/README.md says whence
COUNTS = (153, 150, 50, 39, 131, 32, 64, 161, 162, 20)
PIGS = dict(zip([f"pig{n}" for n in (*range(1, 8), 9, 10, 11)], COUNTS))
NUMBERS = (1, 9, 12, 17, 18, 20, 24, 25, 26, 27, 28, 35, 37, 43, 48, 52, 55)
VIDEOS = dict.fromkeys([f"video{n:02d}" for n in NUMBERS], 8)


def table_of(counts: dict[str, int], dataset: str = "hemoset") -> pd.DataFrame:
    rows = [
        (dataset, who, who, frame, "", f"{who}/{frame}", "")
        for who, count in counts.items()
        for frame in range(count)
    ]
    return pd.DataFrame(rows, columns=list(frames.COLUMNS))


def sides(table: pd.DataFrame) -> dict[str, set[str]]:
    return {split: set(own["subject"]) for split, own in table.groupby("split")}


def source(counts: dict[str, int], *given) -> dict[str, set[str]]:
    """The subjects of each split of the source: seed, fold, folds."""
    return sides(frames.split_source(table_of(counts), *given))


def target(*given, counts: dict[str, int] = VIDEOS, **more) -> dict[str, set[str]]:
    """The subjects of each split of the target: seed, those with blood."""
    return sides(frames.split_target(table_of(counts, "cholecseg8k"), *given, **more))


def sizes(own: dict[str, set[str]]) -> tuple[int, ...]:
    return tuple(len(own[name]) for name in ("id_test", "id_val", "train"))


@pytest.mark.parametrize("seed", range(20))
def test_one_split_of_ten_pigs_is_3_2_5_and_mixes_large_and_small(seed):
    table = table_of(PIGS)
    split = frames.split_source(table, seed)
    own = sides(split)
    assert sizes(own) == (3, 2, 5)
    assert (table["split"] == "").all()  # a copy
    assert (split.groupby("subject")["split"].nunique() == 1).all()
    for name, share in (("id_test", 0.3), ("id_val", 0.2)):
        assert (split["split"] == name).mean() > share / 2.5, "only tiny pigs"
        counts = [PIGS[pig] for pig in own[name]]
        assert max(counts) >= 64 and min(counts) < 153


def test_seeds_draw_different_subjects():
    tested = {frozenset(source(PIGS, seed)["id_test"]) for seed in range(20)}
    assert len(tested) > 5
    drawn = [target(seed)["ood_val"] for seed in range(40)]
    assert len(set(map(frozenset, drawn))) > 20
    for video in [*VIDEOS][1:]:  # everybody but video01 has a chance of either side
        assert 0 < sum(video in patients for patients in drawn) < 40


@pytest.mark.parametrize("seed", range(5))
def test_over_five_folds_each_pig_is_tested_once_and_validates_once(seed):
    folds = [source(PIGS, seed, fold) for fold in range(5)]
    for own in folds:
        assert sizes(own) == (2, 2, 6) and len(set.union(*own.values())) == 10
        # Each fold tests one of the five large pigs and one of the five small ones.
        assert sorted(PIGS[pig] >= 131 for pig in own["id_test"]) == [False, True]
    for name in ("id_test", "id_val"):
        assert sorted(pig for own in folds for pig in own[name]) == sorted(PIGS)


@pytest.mark.parametrize(
    "subjects, expected",
    [
        *((3, (1, 1, 1)), (4, (1, 1, 2)), (5, (2, 1, 2))),
        *((7, (2, 1, 4)), (11, (3, 2, 6)), (40, (12, 8, 20))),
    ],
)
def test_other_numbers_of_subjects_divide_in_proportion(subjects, expected):
    assert sizes(source({f"s{n}": 5 for n in range(subjects)}, 1)) == expected


@pytest.mark.parametrize("subjects, folds", [(3, 3), (4, 3), (7, 5), (11, 5), (5, 5)])
def test_folds_of_other_numbers_differ_by_one_subject_at_most(subjects, folds):
    counts = {f"s{n}": n + 1 for n in range(subjects)}
    found = [sizes(source(counts, 0, fold, folds)) for fold in range(folds)]
    tested = [one[0] for one in found]
    assert sum(tested) == subjects and max(tested) - min(tested) <= 1
    assert all(map(all, found))


@pytest.mark.parametrize(
    "split",
    [
        lambda table: frames.split_source(table, 3),
        lambda table: frames.split_source(table, 3, fold=1),
        lambda table: frames.split_target(table, 3, ("pig1",)),
        lambda table: frames.split_target(table, 3, ("pig1", "pig2", "pig3", "pig4")),
    ],
)
def test_the_order_of_rows_does_not_matter(split):
    for counts in (PIGS, dict.fromkeys(PIGS, 4)):  # equal: only names tell them apart
        table = table_of(counts)
        straight = split(table)
        for state in range(5):
            shuffled = split(table.sample(frac=1, random_state=state))
            assert (shuffled["split"].sort_index() == straight["split"]).all()


def test_too_few_subjects_are_told():
    named = ("too few subjects", "(anna, ben)", "at least 3", "subjects.csv")
    sentence_of(lambda: source({"anna": 50, "ben": 3}, 0), *named)


@pytest.mark.parametrize("fold, folds", [(5, 5), (-1, 5), (0, 2), (0, 11)])
def test_impossible_folds_are_told(fold, folds):
    named = (f"no fold {fold} of {folds} over 10 subjects", "ask for 3 to 10 folds")
    sentence_of(lambda: source(PIGS, 0, fold, folds), *named)


@pytest.mark.parametrize("seed", range(10))
def test_the_one_patient_with_blood_is_tested_and_five_others_validate(seed):
    own = target(seed)
    assert "video01" in own["ood_test"] and not own["ood_val"] & own["ood_test"]
    assert (len(own["ood_val"]), len(own["ood_test"])) == (5, 12)
    # The wished-for benchmark has the same patients on the same sides.
    counts = {video: 3 + place for place, video in enumerate(VIDEOS)}
    wished = target(seed, counts=counts, wished=True)
    assert wished == {
        "ood_wished_val": own["ood_val"],
        "ood_wished": own["ood_test"],
    }


def test_where_several_patients_have_blood_both_sides_get_some():
    blood = ("video09", "video12", "video17", "video20")
    own = target(0, blood_subjects=blood)
    assert [len(own[side] & {*blood}) for side in ("ood_val", "ood_test")] == [1, 3]
    assert {*blood[:2]} <= target(0, blood_subjects=blood[:2])["ood_test"]


def test_a_single_patient_is_a_test_patient():
    assert target(0, counts={"anna": 3}) == {"ood_test": {"anna"}}
