"""Training: the loss against an independent one, runs that can be repeated and resumed, and a network that learns."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from helpers import adaptation, counts, frames, models, runs, settings, training


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


def fit(model, halves, course, name: str = "", watch=None):
    light = training.light_augmentation()
    return training.fit(model, *halves, course.numbers, 1, {"name": name}, light, watch)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_loss_is_half_dice_and_half_cross_entropy_of_the_known_pixels():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 7, generator=random)
    blood = (torch.rand(3, 5, 7, generator=random) > 0.6).float()
    valid = (torch.rand(3, 5, 7, generator=random) > 0.3).float()
    p, y = (
        torch.sigmoid(logits)[valid > 0].numpy().astype(float),
        blood[valid > 0].numpy(),
    )
    expected = 0.5 * (1 - 2 * (p * y).sum() / (p.sum() + y.sum())) - 0.5 * np.mean(
        y * np.log(p) + (1 - y) * np.log(1 - p)
    )
    assert training.segmentation_loss(logits, blood, valid).item() == pytest.approx(
        expected, abs=1e-6
    )


def test_what_is_not_known_changes_neither_loss_nor_gradient():
    logits = torch.zeros(1, 2, 2, requires_grad=True)
    blood, valid = (
        torch.tensor([[[1.0, 0.0], [1.0, 0.0]]]),
        torch.tensor([[[1.0, 1.0], [0.0, 0.0]]]),
    )
    loss = training.segmentation_loss(logits, blood, valid)
    loss.backward()
    assert (
        torch.equal(logits.grad[0, 1], torch.zeros(2))
        and (logits.grad[0, 0] != 0).all()
    )
    elsewhere = torch.tensor(
        [[[1.0, 0.0], [0.0, 1.0]]]
    )  # another label, where it does not count
    assert training.segmentation_loss(logits, elsewhere, valid).item() == loss.item()


def test_a_batch_without_blood_has_a_finite_loss():
    loss = training.segmentation_loss(
        torch.full((1, 4, 4), -9.0), torch.zeros(1, 4, 4), torch.ones(1, 4, 4)
    )
    assert torch.isfinite(loss)


def test_fill_is_known_to_hold_no_blood_and_unknown_pixels_are_not_asked(disks):
    padded = frames.pack(disks.table, (64, 96))
    images, blood, known = training.batch_of(padded, np.arange(2))
    assert (images[:, :, :, :16] == 0).all() and padded.fill[:2, :, :16].all()
    assert (known == 1).all() and (blood[:, :, :16] == 0).all()
    _, _, asked = training.batch_of(padded, np.arange(2), fill_counts=False)
    assert np.array_equal(asked.numpy() > 0, padded.valid[:2])


class _Aside(v2.Transform):
    """Moves a frame 10 pixels to the right: what comes in from the left is fill."""

    def transform(self, inpt, params):
        return v2.functional.affine(inpt, 0, [10, 0], 1, [0, 0])


def test_what_augmentation_brings_in_is_known_and_what_nobody_labelled_moves_along(
    disks,
):
    disks.__dict__["valid"] = disks.valid.copy()
    disks.valid[:, 20:30, 20:30] = False
    _, blood, known = training.batch_of(disks, np.arange(2), _Aside())
    assert (known[:, :, :10] == 1).all() and (blood[:, :, :10] == 0).all()
    unknown = np.zeros((64, 64), bool)
    unknown[20:30, 30:40] = True
    assert np.array_equal(known[0].numpy() == 0, unknown)
    _, _, asked = training.batch_of(disks, np.arange(2), _Aside(), fill_counts=False)
    assert (asked[:, :, :10] == 0).all()


def test_augmentation_moves_the_label_with_the_frame(disks):
    images, blood, known_of = training.batch_of(disks, np.arange(4))
    torch.manual_seed(0)
    for image, mask, known in zip(images, blood, known_of):
        moved, masks = training.augmented(
            training.light_augmentation(), image, torch.stack([mask, known])
        )
        assert set(masks.unique().tolist()) <= {0.0, 1.0}
        red = (moved[0] - moved[1] > 0.3).float()  # the disc is red and nothing else is
        assert (
            counts.dice(
                {
                    "tp": (red * masks[0]).sum().item(),
                    "fp": (red * (1 - masks[0])).sum().item(),
                    "fn": ((1 - red) * masks[0]).sum().item(),
                }
            )
            > 0.9
        )


def test_a_network_learns_red_discs_and_tells_its_story(halves, course):
    model = models.build("lite0", weights="imagenet", seed=0)
    seen = []
    history = fit(
        model,
        halves,
        course.but(epochs=12),
        watch=lambda h: seen.append(len(h.loss)),
    )
    assert history.loss[-1] < history.loss[0]
    assert seen == list(range(1, 13))
    found = training.predict(model, halves[1].images) >= 128
    table = counts.count(
        found, np.asarray(halves[1].blood), np.asarray(halves[1].valid)
    )
    assert counts.dice(table).mean() > 0.8
    # The model left behind is the chosen epoch's, and its score is the recorded one.
    subjects = halves[1].table["subject"].to_numpy()
    means = [
        counts.dice(table)[subjects == subject].mean()
        for subject in np.unique(subjects)
    ]
    assert np.mean(means) == pytest.approx(max(history.id_val), abs=1e-9)
    assert history.best_epoch == int(np.argmax(history.id_val))


def test_the_learning_rate_never_climbs_back(halves, course):
    rates = fit(small(), halves, course.but(epochs=6)).learning_rate
    half_cosine = [3e-3 * 0.5 * (1 + np.cos(np.pi * epoch / 6)) for epoch in range(6)]
    assert rates == pytest.approx(half_cosine)


def test_in_float32_not_a_bit_differs_from_plain_training(halves, course):
    """Training without anything but PyTorch; and the same seed gives the same weights."""
    course = course.but(epochs=2, patience=99)
    last, plain = [], small()
    learned = small()
    learned_by = fit(
        learned,
        halves,
        course,
        watch=lambda _: last.append(
            {name: one.clone() for name, one in learned.state_dict().items()}
        ),
    )
    plain.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(plain.parameters(), lr=3e-3, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 2)
    torch.manual_seed(1)
    for _ in range(2):
        plain.train()
        order = torch.randperm(len(halves[0])).numpy()
        for start in range(0, len(order), 8):
            images, blood, known = training.batch_of(
                halves[0],
                np.sort(order[start : start + 8]),
                training.light_augmentation(),
            )
            images = images.to(memory_format=torch.channels_last)
            loss = training.segmentation_loss(plain(images)[:, 0], blood, known)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    assert learned_by.dtype == "float32"
    assert all(torch.equal(last[-1][n], w) for n, w in plain.state_dict().items())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_an_interrupted_run_ends_as_an_unbroken_one(dtype, halves, course, monkeypatch):
    course = course.but(half=dtype != "float32")
    monkeypatch.setattr(training, "half", lambda device: dtype)
    unbroken, resumed = tiny(), tiny()
    whole = fit(unbroken, halves, course, "whole")

    def stop(history):
        if len(history.loss) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(tiny(), halves, course, "broken", watch=stop)
    # What this machine would take now has no say in a run that began.
    monkeypatch.setattr(training, "half", lambda device: pytest.fail("asked anew"))
    rest = fit(resumed, halves, course, "broken")
    assert asdict(rest) == asdict(whole) and same_weights(unbroken, resumed)
    assert rest.dtype == resumed.dtype == dtype


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_loss_and_weights_are_float32_whatever_the_steps_are(
    dtype, halves, course, monkeypatch
):
    given, inside, whole = [], [], training.segmentation_loss

    def noted(logits, blood, known):
        given.append((logits.dtype, whole(logits, blood, known).dtype))
        return whole(logits, blood, known)

    monkeypatch.setattr(training, "segmentation_loss", noted)
    monkeypatch.setattr(training, "half", lambda device: dtype)
    model = tiny()
    model[3].register_forward_hook(lambda _, __, found: inside.append(found.dtype))
    fit(model, halves, course.but(epochs=1, half=True))
    assert set(given) == {(torch.float32, torch.float32)}
    assert set(inside) == {getattr(torch, dtype)}
    assert {one.dtype for one in model.parameters()} == {torch.float32}


def test_half_precision_learns_and_its_probabilities_are_those_of_float32(
    halves, course, monkeypatch
):
    monkeypatch.setattr(training, "half", lambda device: "bfloat16")
    model = models.build("lite0", weights="imagenet", seed=0)
    assert max(fit(model, halves, course.but(epochs=8, half=True)).id_val) > 0.8
    in_half = training.predict(model, halves[1].images).astype(int)
    model.dtype = "float32"
    full = training.predict(model, halves[1].images).astype(int)
    # Eight bits of significand: some hundredths in the logit, so a few of 256 levels.
    apart = np.abs(in_half - full)
    assert 0 < apart.max() <= 12 and apart.mean() < 1


def test_what_is_loaded_predicts_in_the_type_that_it_was_trained_in(
    halves, course, monkeypatch
):
    monkeypatch.setattr(training, "half", lambda device: "bfloat16")
    made, again = (
        runs.trained("half", course.but(epochs=1, half=True), *halves) for _ in "12"
    )
    assert again.model.dtype == again.history.dtype == made.history.dtype == "bfloat16"
    found = runs.probabilities(made, halves[1])
    assert np.array_equal(found, training.predict(again.model, halves[1].images))


@pytest.mark.parametrize(
    "device, has, dtype",
    [
        ("cuda", {}, "float16"),
        ("cpu", {"avx512_bf16": True}, "bfloat16"),
        ("cpu", {"amx_bf16": True}, "bfloat16"),
        ("cpu", {"avx512_f": True, "avx512_bf16": False}, "float32"),
        ("mps", {}, "float32"),
    ],
)
def test_half_precision_is_taken_where_the_machine_is_made_for_it(
    device, has, dtype, monkeypatch
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    assert training.half(device) == dtype


def test_only_the_full_profile_trains_in_half_precision():
    said = {name: one.half for name, one in settings.PROFILES.items()}
    assert said == {"smoke": False, "quick": False, "full": True}


def test_several_gpus_share_each_batch(monkeypatch):
    monkeypatch.setattr(settings, "device", lambda: "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    shared = []
    monkeypatch.setattr(torch.nn, "DataParallel", lambda one: shared.append(one) or one)
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *_, **__: self)
    monkeypatch.setattr(torch.amp, "GradScaler", lambda *_, **__: None)
    model = tiny()
    learner = training.Learner(model, settings.PROFILES["full"], "float16")
    assert shared == [model] and learner.parts["model"] is model


def test_training_stops_when_patience_is_spent(halves, course):
    # With a rate of zero no epoch can be better than the first by more than its batch statistics; none may be, too.
    course = course.but(epochs=9, patience=1, learning_rate=0.0)
    history = fit(small(), halves, course)
    assert len(history.loss) == min(9, history.best_epoch + 3)


def test_predictions_are_levels_of_probability(halves):
    model = small().eval()
    with torch.inference_mode():
        exact = torch.sigmoid(
            model(training.batch_of(halves[1], np.arange(3))[0])[:, 0]
        ).numpy()
    found = training.predict(model, halves[1].images)[:3]
    assert found.dtype == np.uint8
    assert np.abs(found / 256 - exact).max() <= 1 / 256 + 1e-3
    clear = np.abs(exact - 0.5) > 1e-3
    assert np.array_equal((found >= 128)[clear], (exact >= 0.5)[clear])


def test_a_run_is_trained_once_and_found_again(halves, course, monkeypatch):
    first = runs.trained("baseline", course, *halves)
    monkeypatch.setattr(
        training, "fit", lambda *_, **__: pytest.fail("it was trained again")
    )
    again = runs.trained("baseline", course, *halves)
    assert again.key == first.key and again.history == first.history
    assert same_weights(first.model, again.model)


def test_an_augmentations_settings_and_code_make_another_run():
    light, gamma = training.light_augmentation(), adaptation.RandomGamma(0.5, 2.0)
    assert runs._recipe(light) == runs._recipe(training.light_augmentation())
    assert runs._recipe(light) != runs._recipe(gamma)
    assert runs._recipe(adaptation.RandomGamma(0.5, 3.0)) != runs._recipe(gamma)


def test_another_recipe_is_another_run(halves, course):
    keys = {
        runs.trained(name, changed, *halves).key
        for name, changed in (
            ("baseline", course.but(epochs=1)),
            ("baseline", course.but(epochs=1, batch=4)),
            ("other", course.but(epochs=1)),
        )
    }
    assert len(keys) == 3


def test_predictions_are_kept_with_the_run_and_the_frames(halves, course):
    run = runs.trained("baseline", course.but(epochs=1), *halves)
    ours, theirs = (
        runs.probabilities(run, halves[0]),
        runs.probabilities(run, halves[1]),
    )
    assert np.array_equal(ours, training.predict(run.model, halves[0].images))
    assert ours.shape != theirs.shape
