"""The benchmark of speed: every row is a ratio with its limit, on works that are the same; times are asserted nowhere."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from benchmarks import machine, memory, plain_way, speed
from helpers import evaluation, frames, runs, settings, statistics, training

README = (settings.ROOT / "README.md").read_text(encoding="utf-8")
TINY = speed.Amounts(12, 20, (64, 64), "lite0", 4, 1, 4, 1)


@pytest.fixture(scope="module")
def small_frames(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_way, "SIZES", {"pigs": (96, 128), "patients": (96, 170)})
        folder = tmp_path_factory.mktemp("bench")
        patch.setenv("COURSE_STORE", str(folder / "store"))
        yield folder


def test_every_row_is_a_ratio_with_a_limit(small_frames, monkeypatch):
    monkeypatch.setattr(speed, "imports", lambda: ("import json", "import json"))
    monkeypatch.setenv("BENCH_FOLDER", "")
    table = speed.table_of(speed.measure(small_frames, TINY))
    assert table["what"].str.split(",").str[0].tolist() == [
        "packing",
        "packing",
        "training",
        "evaluation",
        "statistics: an interval over 17 patients",
        "start of a lesson",
    ]
    for name in ("ours", "bare", "ratio", "limit"):
        assert np.isfinite(table[name]).all() and (table[name] > 0).all()
    assert table["met"].tolist() == [
        "yes" if ratio >= limit else "no"
        for ratio, limit in zip(table["ratio"], table["limit"])
    ]


def test_the_bare_work_decodes_every_file_that_packing_does(small_frames):
    data = small_frames / "data"
    pigs = frames.index(data / "hemoset").table
    patients = frames.index(data / "cholecseg8k").table
    assert len(speed.files(pigs)) == 2 * len(pigs)
    found = speed.files(patients)
    assert len(set(found)) == 3 * len(patients) and all(
        sum(part in one for one in found) == len(patients)
        for part in ("endo.png", "watershed_mask.png", "color_mask.png")
    )


def test_the_plain_interval_is_the_courses_own():
    chance = np.random.default_rng(4)
    subject, values = chance.integers(0, 12, 600), chance.random(600)
    weights = np.random.default_rng(0).dirichlet(np.ones(13), speed.DRAWS)
    ours = statistics.mean_over_subjects(values, subject)
    plain = speed.plain_interval(values, subject, weights)
    assert plain == pytest.approx((ours.value, ours.low, ours.high))


def test_both_ways_train_and_measure_the_same(small_frames):
    numbers = settings.course("smoke").numbers
    found = plain_way.tables(small_frames / "data")
    assert not set(found["train"]["subject"]) & set(found["id_test"]["subject"])
    ours = plain_way.Ours(found, numbers, small_frames / "packed")
    ours.prepare()
    plain = plain_way.Plain(found, numbers)
    network = plain_way.models.build("lite0", weights=None)
    for split in ("id_test", "patients"):
        # Of a network and a label that are the same; the sizes at which it is taken
        # differ.
        one, other = ours.dice(network, split), plain.dice(network, split)
        assert one == pytest.approx(other, abs=0.05)
    row = next(found["train"].itertuples())
    image, blood, known = plain._item(row)
    assert image.shape == (3, *numbers.size) and set(blood.unique().tolist()) <= {0, 1}
    assert blood.shape == known.shape == numbers.size


@pytest.mark.parametrize(
    "gpu, flags, limit",
    [("H", [], 10), (None, ["amx_bf16"], 2.5), (None, ["avx2"], 1.5)],
)
def test_what_is_asked_of_a_machine_is_what_it_can_do(gpu, flags, limit):
    assert plain_way.least({"gpu": gpu, "flags": flags}) == limit


def test_a_machine_is_described():
    told = machine.machine()
    assert told["cores"] >= 1 and told["threads"] >= 1 and told["processor"]
    assert set(told["flags"]) <= set(machine.FLAGS) and "torch" in told["versions"]


def test_evaluating_takes_no_more_memory_for_more_frames(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(
        training, "predicted", lambda _, images: (np.zeros((1, 64, 64)) for _ in images)
    )
    peaks, numbers = [], (150, 600)
    for number in numbers:
        folder = memory.write(tmp_path / str(number), number)
        packed = frames.pack(frames.index(folder).table, (64, 64))
        tracemalloc.start()
        table = evaluation.evaluate(runs.Run(None, None, "none"), packed)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(table) == number and (table["tp"] == 0).all()
    # Half of what the additional predictions alone would be, a byte for each pixel.
    assert peaks[1] - peaks[0] < 64 * 64 * (numbers[1] - numbers[0]) / 2


def test_readme_quotes_the_recorded_table_and_its_machine():
    table = pd.read_csv(speed.HERE / "speed.csv")
    about = json.loads((speed.HERE / "speed.json").read_text())
    assert speed.markdown(table) in README
    assert f"{about['processor']}, {about['cores']} cores" in " ".join(README.split())


def test_the_two_ways_agree_within_the_spread_over_seeds():
    table = pd.read_csv(speed.HERE / "plain_way_dice.csv")
    assert table.groupby("way")["seed"].nunique().min() >= 2
    for name in ("id_test_dice", "patients_dice"):
        by_way = table.pivot(index="seed", columns="way", values=name)
        apart = abs(by_way["ours"].mean() - by_way["plain"].mean())
        assert apart <= max(by_way.max() - by_way.min()), name


def test_the_middle_seed_of_each_way_is_compared():
    rows = [
        ("plain", 0, 6, 9),
        ("plain", 0, 5, 50),
        ("plain", 0, 5, 10),
        ("ours", 1, 2, 3),
        ("ours", 2, 1, 4),
        ("ours", 9, 9, 9),
    ]
    columns = ["way", "packing_s", "epoch_s", "evaluation_s"]
    took = plain_way.seconds(pd.DataFrame(rows, columns=columns))
    assert took.to_dict() == {"plain": 15, "ours": 7}
