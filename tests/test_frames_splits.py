"""Splits by subject: nobody on two sides, everybody tested once over the folds, row order no matter."""

import numpy as np
import pandas as pd
import pytest
from frames_by_hand import sentence_of

from helpers import frames

# Labelled frames of each pig in HemoSet as released: data/README.md has where the counts come from
PIGS = {
    f"pig{n}": k
    for n, k in zip(
        [*range(1, 8), 9, 10, 11], (153, 150, 50, 39, 131, 32, 64, 161, 162, 20)
    )
}
VIDEOS = [
    f"video{n:02d}"
    for n in (1, 9, 12, 17, 18, 20, 24, 25, 26, 27, 28, 35, 37, 43, 48, 52, 55)
]


def table_of(counts: dict[str, int], dataset: str = "hemoset") -> pd.DataFrame:
    rows = [
        (dataset, who, who, frame, "", f"{who}/{frame}", "")
        for who, count in counts.items()
        for frame in range(count)
    ]
    return pd.DataFrame(rows, columns=list(frames.COLUMNS))


def sides(table: pd.DataFrame) -> dict[str, set[str]]:
    return {split: set(own["subject"]) for split, own in table.groupby("split")}


@pytest.mark.parametrize("seed", range(20))
def test_one_split_of_ten_pigs_is_3_2_5_and_mixes_large_and_small(seed):
    table = table_of(PIGS)
    split = frames.split_source(table, seed)
    assert {name: len(own) for name, own in sides(split).items()} == {
        "id_test": 3,
        "id_val": 2,
        "train": 5,
    }
    assert (table["split"] == "").all()  # a copy
    frames.check_splits(split)
    for name, share in (("id_test", 0.3), ("id_val", 0.2)):
        assert (split["split"] == name).mean() > share / 2.5, "only tiny pigs"
        assert (
            max(PIGS[pig] for pig in sides(split)[name]) >= 64
            and min(PIGS[pig] for pig in sides(split)[name]) < 153
        )


def test_seeds_draw_different_pigs():
    drawn = {
        frozenset(sides(frames.split_source(table_of(PIGS), seed))["id_test"])
        for seed in range(20)
    }
    assert len(drawn) > 5


@pytest.mark.parametrize("seed", range(5))
def test_over_five_folds_each_pig_is_tested_once_and_validates_once(seed):
    tested, validated = [], []
    for fold in range(5):
        own = sides(frames.split_source(table_of(PIGS), seed, fold=fold))
        assert {name: len(pigs) for name, pigs in own.items()} == {
            "id_test": 2,
            "id_val": 2,
            "train": 6,
        }
        assert not own["id_test"] & own["id_val"] and own["train"].isdisjoint(
            own["id_test"] | own["id_val"]
        )
        # each fold tests one of the five large pigs and one of the five small ones
        assert sorted(PIGS[pig] >= 131 for pig in own["id_test"]) == [False, True]
        tested += own["id_test"]
        validated += own["id_val"]
    assert sorted(tested) == sorted(validated) == sorted(PIGS)


@pytest.mark.parametrize(
    "subjects, expected",
    [
        (3, (1, 1, 1)),
        (4, (1, 1, 2)),
        (5, (2, 1, 2)),
        (7, (2, 1, 4)),
        (11, (3, 2, 6)),
        (40, (12, 8, 20)),
    ],
)
def test_other_numbers_of_subjects_divide_in_proportion(subjects, expected):
    own = sides(
        frames.split_source(
            table_of({f"s{number}": 5 for number in range(subjects)}), 1
        )
    )
    assert tuple(len(own[name]) for name in ("id_test", "id_val", "train")) == expected


@pytest.mark.parametrize("subjects, folds", [(3, 3), (4, 3), (7, 5), (11, 5), (5, 5)])
def test_folds_of_other_numbers_differ_by_one_subject_at_most(subjects, folds):
    table = table_of({f"s{number}": number + 1 for number in range(subjects)})
    tests = [sides(frames.split_source(table, 0, fold, folds)) for fold in range(folds)]
    sizes = [len(own["id_test"]) for own in tests]
    assert (
        sum(sizes) == subjects
        and max(sizes) - min(sizes) <= 1
        and all(own["train"] and own["id_val"] for own in tests)
    )


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
    equal = {
        f"pig{number}": 4 for number in range(10)
    }  # equal counts: only names can tell them apart
    for counts in (PIGS, equal):
        table = table_of(counts)
        straight = split(table)
        for state in range(5):
            shuffled = split(table.sample(frac=1, random_state=state))
            assert (shuffled["split"].sort_index() == straight["split"]).all()


def test_too_few_subjects_and_impossible_folds_are_told():
    few = table_of({"anna": 50, "ben": 3})
    sentence_of(
        lambda: frames.split_source(few, 0),
        "too few subjects",
        "(anna, ben)",
        "at least 3",
        "subjects.csv",
    )
    for fold, folds in ((5, 5), (-1, 5), (0, 2), (0, 11)):
        sentence_of(
            lambda fold=fold, folds=folds: frames.split_source(
                table_of(PIGS), 0, fold, folds
            ),
            f"no fold {fold} of {folds} over 10 subjects",
            "ask for 3 to 10 folds",
        )


@pytest.mark.parametrize("seed", range(10))
def test_the_one_patient_with_blood_is_tested_and_five_others_validate(seed):
    own = sides(
        frames.split_target(table_of(dict.fromkeys(VIDEOS, 8), "cholecseg8k"), seed)
    )
    assert (
        "video01" in own["ood_test"]
        and len(own["ood_val"]) == 5
        and len(own["ood_test"]) == 12
    )
    assert not own["ood_val"] & own["ood_test"]


@pytest.mark.parametrize("seed", range(5))
def test_the_wished_for_benchmark_has_the_same_patients_on_the_same_sides(seed):
    target = sides(frames.split_target(table_of(dict.fromkeys(VIDEOS, 8)), seed))
    wished = sides(
        frames.split_target(
            table_of({video: 3 + place for place, video in enumerate(VIDEOS)}),
            seed,
            wished=True,
        )
    )
    assert wished == {
        "ood_wished_val": target["ood_val"],
        "ood_wished": target["ood_test"],
    }


def test_seeds_draw_different_patients():
    table = table_of(dict.fromkeys(VIDEOS, 2))
    drawn = [sides(frames.split_target(table, seed))["ood_val"] for seed in range(40)]
    assert len({frozenset(patients) for patients in drawn}) > 20
    times = np.array(
        [sum(video in patients for patients in drawn) for video in VIDEOS[1:]]
    )
    assert (times > 0).all() and (
        times < 40
    ).all()  # everybody but video01 has a chance of either side


def test_where_several_patients_have_blood_both_sides_get_some():
    blood = ("video09", "video12", "video17", "video20")
    own = sides(
        frames.split_target(table_of(dict.fromkeys(VIDEOS, 2)), 0, blood_subjects=blood)
    )
    assert (
        len(own["ood_val"] & set(blood)) == 1 and len(own["ood_test"] & set(blood)) == 3
    )
    own = sides(
        frames.split_target(
            table_of(dict.fromkeys(VIDEOS, 2)), 0, blood_subjects=blood[:2]
        )
    )
    assert set(blood[:2]) <= own["ood_test"]


def test_a_single_patient_is_a_test_patient():
    assert sides(frames.split_target(table_of({"anna": 3}), 0)) == {
        "ood_test": {"anna"}
    }


def test_a_subject_in_two_splits_is_told():
    split = frames.split_source(table_of(PIGS), 0)
    split.loc[split["subject"].eq("pig3") & split["frame"].eq(7), "split"] = "ood_test"
    home = sorted({*split.loc[split["subject"] == "pig3", "split"]})
    sentence_of(
        lambda: frames.check_splits(split),
        "pig3 of hemoset stands in two splits",
        " and ".join(home),
        "give each subject one",
    )
    sentence_of(
        lambda: frames.check_splits(split.assign(split="test")),
        "no split 'test'",
        "the splits are train, id_val",
    )


def test_the_benchmarks_may_share_a_patient_only_on_one_side():
    table = table_of({"video01": 2, "video09": 2}, "cholecseg8k")
    side = {"video01": "ood_test", "video09": "ood_val"}
    both = [
        table.assign(split=table["subject"].map(side)),
        table.assign(
            split=table["subject"].map(
                {"video01": "ood_wished", "video09": "ood_wished_val"}
            )
        ),
    ]
    frames.check_splits(
        pd.concat([*both, table])
    )  # and frames without a split are nobody's leak
    both[1]["split"] = both[1]["split"].replace("ood_wished_val", "ood_wished")
    sentence_of(
        lambda: frames.check_splits(pd.concat(both)),
        "video09 of cholecseg8k",
        "ood_val and ood_wished",
    )
    same_name = pd.concat(
        [table.assign(split="ood_test"), table.assign(split="train", dataset="other")]
    )
    assert (
        frames.check_splits(same_name) is None
    )  # the same name in another data set is another subject
