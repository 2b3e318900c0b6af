"""Training: the loss against an independent one, runs that can be repeated and resumed, and a network that learns."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from helpers import counts, frames, models, runs, settings, training


@pytest.fixture
def course(own_store):
    return settings.course("smoke").but(epochs=3, batch=8, learning_rate=3e-3)


def small() -> torch.nn.Module:
    return models.build("lite0", weights=None, seed=0)


def fit(model, halves, course, checkpoint, watch=None):
    return training.fit(
        model,
        *halves,
        course.numbers,
        seed=1,
        checkpoint=checkpoint,
        watch=watch,
        transform=training.light_augmentation(),
    )


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


def test_a_network_learns_red_discs_and_tells_its_story(halves, course, tmp_path):
    model = models.build("lite0", weights="imagenet", seed=0)
    seen = []
    history = fit(
        model,
        halves,
        course.but(epochs=12),
        tmp_path / "c.pt",
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


def test_the_learning_rate_never_climbs_back(halves, course, tmp_path):
    rates = fit(small(), halves, course.but(epochs=6), tmp_path / "c.pt").learning_rate
    half_cosine = [3e-3 * 0.5 * (1 + np.cos(np.pi * epoch / 6)) for epoch in range(6)]
    assert rates == pytest.approx(half_cosine)


def test_the_same_seed_gives_the_same_weights(halves, course, tmp_path):
    first, second = small(), small()
    fit(first, halves, course, tmp_path / "a.pt")
    fit(second, halves, course, tmp_path / "b.pt")
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), second.state_dict().values())
    )


def test_an_interrupted_run_ends_as_an_unbroken_one(halves, course, tmp_path):
    unbroken = small()
    whole = fit(unbroken, halves, course, tmp_path / "a.pt")

    def stop(history):
        if len(history.loss) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(small(), halves, course, tmp_path / "b.pt", watch=stop)
    resumed = small()
    rest = fit(resumed, halves, course, tmp_path / "b.pt")
    assert rest.loss == whole.loss and rest.id_val == whole.id_val
    assert all(
        torch.equal(a, b)
        for a, b in zip(unbroken.state_dict().values(), resumed.state_dict().values())
    )


def test_training_stops_when_patience_is_spent(halves, course, tmp_path):
    # With a rate of zero no epoch can be better than the first by more than its batch statistics; none may be, too.
    history = fit(
        small(),
        halves,
        course.but(epochs=9, patience=1, learning_rate=0.0),
        tmp_path / "c.pt",
    )
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
    assert all(
        torch.equal(a, b)
        for a, b in zip(
            first.model.state_dict().values(), again.model.state_dict().values()
        )
    )


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
