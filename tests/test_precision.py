"""Precision: float32 is what it was, half of its bits change neither the loss's type nor how a run is resumed."""

import dataclasses
import io

import numpy as np
import pytest
import torch

from helpers import models, precision, runs, settings, store, training
from helpers.errors import CourseError

HALVES = ("bfloat16", "float16")


@pytest.fixture
def course(own_store):
    return settings.course("smoke").but(epochs=3, batch=8, learning_rate=3e-3)


def small() -> torch.nn.Module:
    return models.build("lite0", weights=None, seed=0)


def tiny() -> torch.nn.Module:
    """So small that float16 takes no time on a processor that doesn't have it."""
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.Conv2d(4, 1, 1),
    )


def fit(model, halves, course, checkpoint, watch=None):
    light = training.light_augmentation()
    return training.fit(model, *halves, course.numbers, 1, checkpoint, light, watch)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def by_hand(model, train, numbers, seed: int) -> None:
    """Training without anything but PyTorch, all in float32."""
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=numbers.learning_rate, weight_decay=numbers.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, numbers.epochs)
    torch.manual_seed(seed)
    for _ in range(numbers.epochs):
        model.train()
        order = torch.randperm(len(train)).numpy()
        for start in range(0, len(order), numbers.batch):
            rows = np.sort(order[start : start + numbers.batch])
            images, blood, known = training.batch_of(
                train, rows, training.light_augmentation()
            )
            images = images.to(memory_format=torch.channels_last)
            loss = training.segmentation_loss(model(images)[:, 0], blood, known)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()


def test_in_float32_not_a_bit_differs_from_plain_training(halves, course, tmp_path):
    ours, plain = small(), small()
    last = course.but(epochs=2, patience=99).numbers
    history = fit(ours, halves, course.but(epochs=2), tmp_path / "a.pt")
    by_hand(plain, halves[0], last, seed=1)
    saved = torch.load(
        io.BytesIO(store.read_file(tmp_path / "a.pt")), weights_only=True
    )
    assert history.precision == "float32"
    assert all(
        torch.equal(saved["model"][name], weight)
        for name, weight in plain.state_dict().items()
    )


@pytest.mark.parametrize("name", HALVES)
def test_a_run_in_half_precision_that_is_killed_ends_as_an_unbroken_one(
    name, halves, course, tmp_path, monkeypatch
):
    course = course.but(precision=name)
    unbroken = tiny()
    whole = fit(unbroken, halves, course, tmp_path / "a.pt")

    def stop(history):
        if len(history.loss) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(tiny(), halves, course, tmp_path / "b.pt", watch=stop)
    # What the machine would choose now has no say in a run that began.
    monkeypatch.setattr(precision, "chosen", lambda *_: pytest.fail("chosen anew"))
    resumed = tiny()
    rest = fit(resumed, halves, course, tmp_path / "b.pt")
    assert dataclasses.asdict(rest) == dataclasses.asdict(whole)
    assert rest.precision == name == resumed.precision
    assert same_weights(unbroken, resumed)


@pytest.mark.parametrize("name", HALVES)
def test_loss_and_weights_are_float32_whatever_the_steps_are(
    name, halves, course, tmp_path, monkeypatch
):
    given, inside = [], []
    whole = training.segmentation_loss

    def noted(logits, blood, known):
        given.append((logits.dtype, whole(logits, blood, known).dtype))
        return whole(logits, blood, known)

    monkeypatch.setattr(training, "segmentation_loss", noted)
    model = tiny()
    model[3].register_forward_hook(lambda _, __, found: inside.append(found.dtype))
    fit(model, halves, course.but(epochs=1, precision=name), tmp_path / "c.pt")
    assert set(given) == {(torch.float32, torch.float32)}
    assert set(inside) == {precision.TYPES[name]}
    assert {one.dtype for one in model.parameters()} == {torch.float32}


def test_half_precision_learns_and_its_probabilities_are_those_of_float32(
    halves, course, tmp_path
):
    model = models.build("lite0", weights="imagenet", seed=0)
    history = fit(
        model, halves, course.but(epochs=8, precision="bfloat16"), tmp_path / "c.pt"
    )
    assert max(history.id_val) > 0.8
    half = training.predict(model, halves[1].images).astype(int)
    model.precision = "float32"
    full = training.predict(model, halves[1].images).astype(int)
    # Eight bits of significand: some hundredths in the logit, so a few of 256 levels.
    assert 0 < np.abs(half - full).max() <= 12 and np.abs(half - full).mean() < 1


def test_the_record_tells_the_precision_and_what_is_loaded_predicts_in_it(
    halves, course
):
    made = runs.trained("half", course.but(epochs=1, precision="bfloat16"), *halves)
    again = runs.trained("half", course.but(epochs=1, precision="bfloat16"), *halves)
    plain = runs.trained("half", course.but(epochs=1), *halves)
    for one in (made, again):
        assert one.history.precision == precision.of(one.model) == "bfloat16"
    assert precision.of(plain.model) == "float32" and plain.key != made.key
    found = runs.probabilities(made, halves[1])
    assert np.array_equal(found, training.predict(again.model, halves[1].images))


@pytest.mark.parametrize(
    "slow, quick, expected",
    [(2.0, 1.0, "bfloat16"), (1.1, 1.0, "float32"), (1.0, 3.0, "float32")],
)
def test_on_a_cpu_bfloat16_is_taken_where_it_is_measured_to_pay(
    slow, quick, expected, monkeypatch
):
    took = {"float32": slow, "bfloat16": quick}
    monkeypatch.setattr(precision, "seconds", lambda _, __, name: took[name])
    assert precision.chosen("fastest", None, (64, 64), "cpu") == expected
    assert precision.chosen("float32", None, (64, 64), "cpu") == "float32"


@pytest.mark.parametrize("has, expected", [(True, "bfloat16"), (False, "float16")])
def test_on_a_gpu_half_precision_is_taken_unmeasured(has, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has)
    monkeypatch.setattr(precision, "seconds", lambda *_: pytest.fail("measured"))
    assert precision.chosen("fastest", None, (64, 64), "cuda") == expected
    assert precision.chosen("fastest", None, (64, 64), "mps") == "float32"


def test_measuring_leaves_network_and_chance_as_they_were():
    model, before = small(), small()
    state = torch.get_rng_state()
    assert precision.seconds(model, (32, 32), "float32") > 0
    assert same_weights(model, before) and torch.equal(state, torch.get_rng_state())
    assert all(one.grad is None for one in model.parameters())


def test_an_unknown_precision_is_told_in_a_sentence(halves, course, tmp_path):
    with pytest.raises(CourseError, match="no precision 'float8'; choose one of"):
        fit(small(), halves, course.but(precision="float8"), tmp_path / "c.pt")


def test_only_the_full_profile_leaves_float32():
    said = {name: one.precision for name, one in settings.PROFILES.items()}
    assert said == {"smoke": "float32", "quick": "float32", "full": "fastest"}
