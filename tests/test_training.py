"""Training: image and label move alike, the loss against an independent one, runs that
can be repeated and resumed, and a network that learns."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from trained_under_fire import tiny  # in which float16 takes no time on a processor

from helpers import counts, frames, models, runs, settings, training
from helpers.remedies import methods


@pytest.fixture
def course(own_store):
    return settings.course("smoke").but(epochs=3, batch=8, learning_rate=3e-3)


def small() -> torch.nn.Module:
    return models.build("lite0", weights=None, seed=0)


def fit(model, halves, course, name: str = "", watch=None):
    light = training.light_augmentation()
    return training.fit(model, *halves, course.numbers, 1, {"name": name}, light, watch)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("fill_counts", [True, False])
def test_image_blood_and_known_move_alike_and_what_comes_in_is_fill(disks, fill_counts):
    # What nobody labelled is bright blue, so that it can be found again.
    for name in ("images", "blood", "valid"):
        disks.__dict__[name] = getattr(disks, name).copy()
    disks.valid[:, 20:30, 20:30] = False
    disks.images[:, 20:30, 20:30] = (0, 0, 255)
    disks.blood[:, 20:30, 20:30] = False
    move = v2.RandomAffine(degrees=(20, 30), translate=(0.2, 0.2), scale=(0.8, 0.9))
    torch.manual_seed(3)
    rows = np.arange(len(disks))
    images, blood, known = training.batch_of(disks, rows, move, fill_counts)
    assert set(blood.unique().tolist()) == set(known.unique().tolist()) == {0.0, 1.0}
    blue = (images[:, 2] == 1) & (images[:, 0] == 0)
    red = images[:, 0] - images[:, 1] > 0.3
    outside = (images == 0).all(dim=1)
    assert outside.float().mean() > 0.1 and blue.any() and red.any()
    assert (blood[outside] == 0).all()
    assert torch.equal(blood > 0, red) or (blood > 0).ne(red).float().mean() < 0.01
    # Fill is known to hold nothing, unless our old mistake is asked for.
    assert (known[outside] == (1 if fill_counts else 0)).all()
    assert (known[blue] == 0).all() and (known[~blue & ~outside] == 1).all()


def test_fill_is_known_to_hold_no_blood_and_unknown_pixels_are_not_asked(disks):
    padded, rows = frames.pack(disks.table, (64, 96)), np.array([1, 4, 7])
    assert padded.fill[:, :, :16].all() and not padded.valid.all()
    for fill_counts in (True, False):
        batch = training.batch_of(padded, rows, None, fill_counts)
        images, blood, known = (one.numpy() for one in batch)
        shares = padded.images[rows].transpose(0, 3, 1, 2) / np.float32(255)
        assert (images == shares).all() and (blood == padded.blood[rows]).all()
        asked = padded.valid | padded.fill if fill_counts else padded.valid
        assert (known == asked[rows]).all()


def test_the_loss_is_half_dice_and_half_cross_entropy_of_the_known_pixels():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 7, generator=random, requires_grad=True)
    blood = (torch.rand(3, 5, 7, generator=random) > 0.6).float()
    valid = (torch.rand(3, 5, 7, generator=random) > 0.3).float()
    p = torch.sigmoid(logits.detach())[valid > 0].numpy().astype(float)
    y = blood[valid > 0].numpy()
    dice = 2 * (p * y).sum() / (p.sum() + y.sum())
    entropy = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    loss = training.segmentation_loss(logits, blood, valid)
    assert loss.item() == pytest.approx(0.5 * (1 - dice) + 0.5 * entropy, abs=1e-6)
    # What is not known changes neither loss nor gradient, whatever its label.
    loss.backward()
    assert torch.equal(logits.grad != 0, valid > 0)
    elsewhere = torch.where(valid > 0, blood, 1 - blood)
    assert training.segmentation_loss(logits, elsewhere, valid).item() == loss.item()
    # And without blood it is finite.
    dark = training.segmentation_loss(logits * 0 - 9, blood * 0, valid)
    assert torch.isfinite(dark)


def test_a_network_learns_red_discs_and_tells_its_story(halves, course):
    model = models.build("lite0", weights="imagenet", seed=0)
    seen = []
    history = fit(
        model, halves, course.but(epochs=12), watch=lambda h: seen.append(len(h.loss))
    )
    assert history.loss[-1] < history.loss[0]
    assert seen == list(range(1, 13))
    found = training.predict(model, halves[1].images) >= 128
    dice = counts.dice(counts.count(found, halves[1].blood, halves[1].valid))
    assert dice.mean() > 0.8
    # The model left behind is the chosen epoch's, and its score is the recorded one.
    by_subject = dice.groupby(halves[1].table["subject"].to_numpy()).mean()
    assert by_subject.mean() == pytest.approx(max(history.id_val), abs=1e-9)
    assert history.best_epoch == int(np.argmax(history.id_val))


def test_in_float32_not_a_bit_differs_from_plain_training(halves, course):
    """Training without anything but PyTorch; and the same seed gives the same weights."""
    course = course.but(epochs=2, patience=99)
    last, plain, learned = {}, small(), small()

    def keep(history):
        last.update({name: w.clone() for name, w in learned.state_dict().items()})

    history = fit(learned, halves, course, watch=keep)
    plain.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(plain.parameters(), lr=3e-3, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 2)
    torch.manual_seed(1)
    for _ in range(2):
        plain.train()
        order = torch.randperm(len(halves[0])).numpy()
        for start in range(0, len(order), 8):
            rows, light = (
                np.sort(order[start : start + 8]),
                training.light_augmentation(),
            )
            images, blood, known = training.batch_of(halves[0], rows, light)
            images = images.to(memory_format=torch.channels_last)
            loss = training.segmentation_loss(plain(images)[:, 0], blood, known)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    assert history.dtype == "float32"
    assert history.learning_rate == pytest.approx([3e-3, 1.5e-3])  # half a cosine
    assert all(torch.equal(last[name], w) for name, w in plain.state_dict().items())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_an_interrupted_run_ends_as_an_unbroken_one(dtype, halves, course, monkeypatch):
    course = course.but(half=dtype != "float32")
    monkeypatch.setattr(training, "half", lambda device: dtype)
    unbroken, resumed = tiny(), tiny()
    given, inside, loss_of = set(), set(), training.segmentation_loss

    def noted(logits, blood, known):
        given.add(logits.dtype)
        return loss_of(logits, blood, known)

    monkeypatch.setattr(training, "segmentation_loss", noted)
    unbroken[3].register_forward_hook(lambda _, __, found: inside.add(found.dtype))
    whole = fit(unbroken, halves, course, "whole")
    # Loss and weights are float32 whatever the steps are.
    assert given == {one.dtype for one in unbroken.parameters()} == {torch.float32}
    assert inside == {getattr(torch, dtype)}

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
    # At a rate of zero no epoch is better by more than its batch statistics.
    course = course.but(epochs=9, patience=1, learning_rate=0.0)
    history = fit(small(), halves, course)
    assert len(history.loss) == min(9, history.best_epoch + 3)


def test_predictions_are_levels_of_probability(halves):
    model = small().eval()
    images, _, _ = training.batch_of(halves[1], np.arange(3))
    with torch.inference_mode():
        exact = torch.sigmoid(model(images)[:, 0]).numpy()
    found = training.predict(model, halves[1].images)[:3]
    assert found.dtype == np.uint8
    assert np.abs(found / 256 - exact).max() <= 1 / 256 + 1e-3
    clear = np.abs(exact - 0.5) > 1e-3
    assert np.array_equal((found >= 128)[clear], (exact >= 0.5)[clear])


def test_a_run_is_trained_once_and_found_again_with_its_type(
    halves, course, monkeypatch
):
    course = course.but(epochs=1, half=True)
    monkeypatch.setattr(training, "half", lambda device: "bfloat16")
    first = runs.trained("baseline", course, *halves)
    monkeypatch.setattr(training, "fit", lambda *_, **__: pytest.fail("trained again"))
    again = runs.trained("baseline", course, *halves)
    assert again.key == first.key and again.history == first.history
    assert same_weights(first.model, again.model)
    assert again.model.dtype == again.history.dtype == "bfloat16"
    ours, theirs = (first.probabilities(one) for one in halves)
    assert np.array_equal(ours, training.predict(again.model, halves[0].images))
    assert ours.shape != theirs.shape


def test_an_augmentations_settings_and_code_make_another_run():
    light = training.light_augmentation()
    gamma, rare = (methods.on_images(methods.random_gamma, p) for p in (0.5, 0.1))
    assert runs._recipe(light) == runs._recipe(training.light_augmentation())
    assert runs._recipe(light) != runs._recipe(gamma) != runs._recipe(rare)
    within = v2.Compose([light, v2.RandomApply([gamma])])
    codes = [runs._recipe(one)[-1] for one in (light, gamma, within)]
    assert codes[0] != codes[1] == codes[2]  # of parts, too
