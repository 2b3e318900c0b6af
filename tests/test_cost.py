"""What the whole study costs, on paper: counted as the recipes ask, scaled as it must, and an estimate is called one."""

import re

import pandas as pd
import pytest

from benchmarks import cost
from helpers import domains, remedies, runs, settings, studied, training
from study import jobs


def test_trainings_are_those_that_the_recipes_ask_for(own_store, monkeypatch):
    asked = []

    def fit(model, train, id_val, numbers, *_, **__):
        asked.append(numbers.epochs)
        model.eval()
        return training.History([1.0], [1e-3], [0.5], [{}], 0)

    monkeypatch.setattr(training, "fit", fit)
    course = settings.course("smoke").but(epochs=4)
    data = domains.gather(course)
    found = {}
    for name in jobs.GRIDS["full"].remedies:
        asked.clear()
        baseline = runs.baseline(course, data)
        setting = remedies.Setting(course, data, baseline, "ood_wished_val")
        studied.RECIPES[name](setting)
        found[name] = sum(asked) / 4
    assert {name: n for name, n in found.items() if n} == cost.TRAININGS
    once = {name: max(1, n) for name, n in cost.TRAININGS.items()}
    assert cost.work("")["networks"] == sum(once.values())


def test_the_page_is_made_from_what_was_recorded():
    text = (cost.HERE / "COST.md").read_text(encoding="utf-8")
    assert text == cost.page(cost.rates_of())
    assert (
        "nan" not in re.findall(r"\w+", text.lower()) and str(settings.ROOT) not in text
    )


def test_what_was_not_measured_is_called_an_estimate_with_its_assumption():
    table, machines = cost._times(cost.rates_of()), cost.devices()
    assert list(machines["kind"] == "measured") == [True, False, False, False]
    for row, machine in zip(table.to_dict("records"), machines.to_dict("records")):
        if row["kind"] == "estimate":
            assert "data sheet" in row["assumed"] or "as above" in row["assumed"]
            assert 0 < machine["share"] <= 0.3
    assert {"one T4", "one H100 (SXM)"} <= set(machines["device"])
    assert any("laptop" in name for name in machines["device"])


def test_time_grows_with_the_frames_and_falls_with_the_device():
    rates = cost.rates_of()
    hours = [cost.seconds(rates, device) for _, device in cost.devices().iterrows()]
    assert hours[0] > hours[1] > hours[2] == hours[3]  # of all devices together
    for _, device in cost.devices().iterrows():
        assert cost.seconds(rates, device, 10) == pytest.approx(
            10 * cost.seconds(rates, device)
        )
    ten, one = (pd.Series(cost.limits(rates, times)) for times in (10, 1))
    grows = one.index != "networks, GB"
    assert (ten / one)[grows].to_list() == pytest.approx([10] * grows.sum())
    assert ten["networks, GB"] == one["networks, GB"]


def test_the_sum_is_the_sum_of_its_parts():
    """By hand: the frames of each part over its rate, for each fold, seed and encoder."""
    rates, device = cost.rates_of(), cost.devices().iloc[0]
    numbers, grid = settings.course("full").numbers, jobs.GRIDS["full"]
    epochs = sum(cost.TRAININGS.values()) * numbers.epochs
    total = 0.0
    for encoder in grid.encoders:
        own = rates[(rates["encoder"] == encoder) & (rates["unit"] == "frames/s")]
        step, predict = own.set_index("what")["value"][["training step", "prediction"]]
        load = rates.set_index("what")["value"]["loading and augmenting"]
        trained = epochs * cost.SOURCE * 3 / 5
        tested = cost.SOURCE / 5 + 0.7 * cost.TARGET
        predicted = epochs * cost.SOURCE / 5 + (len(grid.remedies) + 2) * tested
        total += trained / step + trained / load + predicted / predict
    repeats = numbers.folds * grid.seeds
    assert cost.seconds(rates, device) == pytest.approx(repeats * total)
