"""Phantom surgery: the released layouts, the published statistics, one seed one set of bytes, and
dials that can be turned from either side."""

import colorsys
import errno
import hashlib
import io
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers import frames
from helpers.errors import CourseError
from phantom import (
    GROUPS,
    PATIENTS,
    PIGS,
    SURROUND,
    counterfactual,
    draw_laparoscopic,
    draw_robotic,
    write_cholecseg8k,
    write_hemoset,
)
from phantom.blood import THICK, stain, thickness
from phantom.subjects import look, other, partner

SMALL, BLOOD, BACKGROUND = (72, 96), 7, 0


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> dict[str, Path]:
    """The three data sets of the lessons, drawn once at half their size."""
    root = tmp_path_factory.mktemp("phantom")
    write_hemoset(root / "source", size=(120, 160))
    write_cholecseg8k(root / "target", size=(120, 214))
    write_cholecseg8k(root / "wished", size=(120, 214), wished=True)
    return {name: root / name for name in ("source", "target", "wished")}


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def statistics(image: np.ndarray) -> list[float]:
    red, green, blue = (image / 255).mean((0, 1))
    saturation = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 1].mean() / 255
    return [red, green, blue, 0.299 * red + 0.587 * green + 0.114 * blue, saturation]


def test_the_statistics_used_here_are_those_of_the_standard_library():
    image = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    want = np.mean(
        [colorsys.rgb_to_hsv(*(pixel / 255))[1] for pixel in image.reshape(-1, 3)]
    )
    assert statistics(image)[4] == pytest.approx(want, abs=0.003)


def test_the_source_has_hemosets_layout_names_and_masks(drawn):
    pigs = sorted(path.name for path in drawn["source"].iterdir())
    assert pigs == sorted(PIGS) and "pig8" not in pigs
    for pig in pigs:
        assert sorted(path.name for path in (drawn["source"] / pig).iterdir()) == [
            "imgs.zip",
            "labels.zip",
        ]
        images, labels = (
            members(drawn["source"] / pig / name) for name in ("imgs.zip", "labels.zip")
        )
        numbers = [int(re.fullmatch(r"imgs/(\d{6})\.png", name)[1]) for name in images]
        assert list(labels) == [f"labels/{number:06d}_mask.png" for number in numbers]
        assert numbers[0] == 0 and set(np.diff(numbers)) <= {60, 600}
        mask = Image.open(io.BytesIO(next(iter(labels.values()))))
        assert mask.mode == "P" and set(np.unique(np.array(mask))) <= {0, 1}
        assert mask.getpalette()[:6] == [0, 0, 0, 128, 0, 0]


def test_frames_are_shared_out_as_released(drawn):
    counts = {pig: len(members(drawn["source"] / pig / "imgs.zip")) for pig in PIGS}
    assert sum(counts.values()) == 320
    assert all(abs(counts[pig] - 320 * PIGS[pig] / 962) < 2 for pig in PIGS), counts
    videos = {
        video: len(list((drawn["target"] / video).glob("*/*_endo.png")))
        for video in PATIENTS
    }
    assert sum(videos.values()) == 240
    assert all(
        abs(videos[video] - 240 * PATIENTS[video] / 101) < 2 for video in PATIENTS
    ), videos


def test_the_target_has_cholecseg8ks_layout_names_and_masks(drawn):
    assert sorted(path.name for path in drawn["target"].iterdir()) == sorted(PATIENTS)
    colours = {entry.rgb: entry.id for entry in frames.CLASSES}
    greys = {entry.grey: entry.id for entry in frames.CLASSES}
    seen, unlabelled = set(), 0
    for path in sorted(drawn["target"].glob("*/*/*_endo.png")):
        video, first = re.fullmatch(r"(video\d\d)_(\d{5})", path.parent.name).groups()
        number = int(re.fullmatch(r"frame_(\d+)_endo\.png", path.name)[1])
        assert path.parent.parent.name == video and 0 <= number - int(first) < 80
        colour, grey = (
            np.array(Image.open(str(path).replace("endo.png", f"endo_{kind}_mask.png")))
            for kind in ("color", "watershed")
        )
        assert (grey == grey[..., :1]).all()
        grey = grey[..., 0]
        edge = np.ones(grey.shape, bool)
        edge[1:-1, 1:-1] = False
        assert (
            (grey[edge] == 255).all()
            and (grey[~edge] != 255).all()
            and (colour[edge] == 255).all()
        )
        for level in np.unique(grey[~edge]):
            found = np.unique(colour[~edge & (grey == level)], axis=0)
            if level == 0:
                assert found.tolist() == [[255, 255, 255]]
                unlabelled += (grey == 0).sum()
            else:
                assert (
                    len(found) == 1
                    and colours[tuple(found[0].tolist())] == greys[level]
                )
                seen.add(greys[level])
    assert seen == set(range(13))
    assert unlabelled > 0


def test_blood_is_in_video01_only_in_692_of_1280_frames(drawn):
    table = frames.index(drawn["target"]).table
    bloody = {row.subject for row in table.itertuples() if frames.read(row)[1].any()}
    assert bloody == {"video01"}
    share = np.mean(
        [
            frames.read(row)[1].any()
            for row in table[table.subject == "video01"].itertuples()
        ]
    )
    assert share == pytest.approx(692 / 1280, abs=0.1)


def test_the_wished_benchmark_has_blood_in_every_patient_and_some_clean_frames(drawn):
    table = frames.index(drawn["wished"]).table
    bloody = np.array([frames.read(row)[1].any() for row in table.itertuples()])
    by_patient = {
        video: bloody[(table.subject == video).to_numpy()].mean() for video in PATIENTS
    }
    assert all(0.4 <= share < 1 for share in by_patient.values()), by_patient
    assert bloody.mean() == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("source", (0.647, 0.364, 0.360, 0.448, 0.499)),
        ("target", (0.337, 0.212, 0.181, 0.246, 0.523)),
        ("wished", (0.337, 0.212, 0.181, 0.246, 0.523)),
    ],
)
def test_first_order_statistics_lie_near_the_published_ones(drawn, name, wanted):
    table = frames.index(drawn[name]).table
    mean = np.mean(
        [statistics(frames.read(row)[0]) for row in table.itertuples()], axis=0
    )
    assert mean == pytest.approx(wanted, abs=0.05)


def test_blood_covers_as_much_as_published(drawn):
    cover = {
        name: np.array(
            [
                frames.read(row)[1].mean()
                for row in frames.index(drawn[name]).table.itertuples()
            ]
        )
        for name in drawn
    }
    assert cover["source"].mean() == pytest.approx(0.0706, abs=0.015)
    assert 0.10 <= (cover["source"] == 0).mean() <= 0.15
    for name in ("target", "wished"):
        assert cover[name][cover[name] > 0].mean() == pytest.approx(0.0493, abs=0.015)


def test_statistics_and_coverage_hold_for_another_seed(tmp_path):
    write_hemoset(tmp_path / "source", 100, (96, 128), seed=5)
    write_cholecseg8k(tmp_path / "target", 100, (96, 171), seed=5, wished=True)
    for name, wanted, cover in (
        ("source", (0.647, 0.364, 0.360, 0.448, 0.499), 0.0706),
        ("target", (0.337, 0.212, 0.181, 0.246, 0.523), 0.0493 * 0.75),
    ):
        read = [
            frames.read(row) for row in frames.index(tmp_path / name).table.itertuples()
        ]
        assert np.mean(
            [statistics(image) for image, _, _ in read], axis=0
        ) == pytest.approx(wanted, abs=0.06)
        assert np.mean([blood.mean() for _, blood, _ in read]) == pytest.approx(
            cover, abs=0.02
        )


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_workers(tmp_path):
    for number, workers in enumerate((1, 2)):
        write_hemoset(tmp_path / f"source{number}", 50, SMALL, seed=3, workers=workers)
        write_cholecseg8k(
            tmp_path / f"target{number}", 50, SMALL, seed=3, workers=workers
        )
    assert digests(tmp_path / "source0") == digests(tmp_path / "source1")
    assert digests(tmp_path / "target0") == digests(tmp_path / "target1")
    write_hemoset(tmp_path / "other", 50, SMALL, seed=4, workers=1)
    assert (
        digests(tmp_path / "other")["pig1/imgs.zip"]
        != digests(tmp_path / "source0")["pig1/imgs.zip"]
    )


SUBJECT = {"robotic": "pig5", "laparoscopic": "video24"}


def drawn_with(kind: str, swapped: tuple[str, ...], t: float = 0.5):
    """Image and blood of one frame of a kind with some groups swapped."""
    if kind == "robotic":
        return draw_robotic("pig5", 1, t, SMALL, 0, swapped=swapped)
    image, labels = draw_laparoscopic(
        "video24", 3, t, SMALL, 0, wished=True, swapped=swapped
    )
    return image, labels == BLOOD


@pytest.mark.parametrize("kind", SUBJECT)
@pytest.mark.parametrize("group", GROUPS)
def test_a_dial_gives_a_subject_the_other_kinds_range_of_its_own_traits_alone(
    kind, group
):
    own = look(kind, SUBJECT[kind], 0)
    turned = look(kind, SUBJECT[kind], 0, swapped=(group,))
    everything = look(kind, SUBJECT[kind], 0, swapped=GROUPS)
    changed = {name for name in turned if own.get(name) != turned[name]}
    assert changed and all(turned[name] == everything[name] for name in changed)
    rest = [one for one in GROUPS if one != group]
    others = look(kind, SUBJECT[kind], 0, swapped=tuple(rest))
    assert all(others[name] == own[name] for name in changed & own.keys())
    if group != "anatomy":  # an anatomy is its partner's own, not a draw of the range
        there = [
            look(other(kind), one, 0)
            for one in (PATIENTS if kind == "robotic" else PIGS)
        ]
        for name in changed:
            values = [one[name] for one in there]
            slack = 0.3 * (max(values) - min(values)) + 1e-9
            assert min(values) - slack <= turned[name] <= max(values) + slack


@pytest.mark.parametrize("kind", SUBJECT)
@pytest.mark.parametrize("group", GROUPS)
def test_a_cameras_dial_moves_no_label_but_a_view_and_what_is_seen_changes(kind, group):
    image, blood = drawn_with(kind, ())
    changed, labels = drawn_with(kind, (group,))
    if group in ("light", "colour", "lens", "air"):
        assert np.array_equal(blood, labels)
    if group != "air":  # smoke comes in some clips only: its own test follows
        assert (image != changed).any()


def test_what_a_round_view_hides_is_black_and_known_to_hold_no_blood():
    image, blood = drawn_with("robotic", ("view",))
    surround = image.max(axis=2) <= 6
    assert surround[0, 0] and 0.05 < surround.mean() < 0.5
    assert not blood[0, 0] and blood.any() and not blood[surround].any()
    _, labels = draw_laparoscopic("video24", 3, 0.5, SMALL, 0, swapped=("view",))
    assert not (labels == BACKGROUND).any()


def test_smoke_is_the_targets_alone_and_its_dial_brings_it_to_the_source():
    lifted = [
        np.abs(
            draw_robotic("pig2", clip, 0.5, SMALL, 0)[0].astype(int)
            - draw_robotic("pig2", clip, 0.5, SMALL, 0, swapped=("air",))[0]
        ).mean()
        for clip in range(8)
    ]
    assert max(lifted) > 3 * np.median(lifted)


def test_a_partner_lends_its_anatomy_and_every_seed_pairs_anew():
    pairs = {pig: partner("robotic", pig, 0) for pig in PIGS}
    assert len(set(pairs.values())) == len(PIGS) and set(pairs.values()) <= set(
        PATIENTS
    )
    assert {partner("laparoscopic", one, 0) for one in PATIENTS} == set(PIGS)
    assert pairs != {pig: partner("robotic", pig, 1) for pig in PIGS}
    image, blood = drawn_with("robotic", ("anatomy",))
    assert blood.any() and (image != drawn_with("robotic", ())[0]).mean() > 0.5


def test_with_every_dial_turned_each_kind_looks_like_the_other():
    both = {}
    for kind, names in (("robotic", tuple(PIGS)), ("laparoscopic", tuple(PATIENTS))):
        for swapped in ((), GROUPS):
            drawn = counterfactual(kind, names, swapped, frames_per_subject=2)
            inner = [image[~fill] for image, fill in zip(drawn.images, drawn.fill)]
            both[kind, swapped] = [
                np.mean([pixels.mean() for pixels in inner]),
                100 * np.mean([(pixels.max(axis=1) < 8).mean() for pixels in inner]),
                100 * drawn.fill.mean(),
            ]
    for one, another in (("robotic", "laparoscopic"), ("laparoscopic", "robotic")):
        there = both[another, ()]
        assert both[one, GROUPS] == pytest.approx(there, rel=0.2, abs=3)
        assert both[one, ()] != pytest.approx(there, rel=0.2, abs=3)


def test_a_counterfactual_keeps_the_scene_and_its_blood_through_camera_dials():
    plain = counterfactual("robotic", ("pig1", "pig2"), frames_per_subject=2)
    again = counterfactual("robotic", ("pig1", "pig2"), frames_per_subject=2)
    assert np.array_equal(plain.images, again.images)
    assert plain.subjects.tolist() == ["pig1", "pig1", "pig2", "pig2"]
    assert plain.blood.any(axis=(1, 2)).all() and not plain.fill.any()
    for group in ("light", "colour", "lens", "air"):
        turned = counterfactual(
            "robotic", ("pig1", "pig2"), (group,), frames_per_subject=2
        )
        assert np.array_equal(turned.blood, plain.blood)
    view = counterfactual("robotic", ("pig1", "pig2"), ("view",), frames_per_subject=2)
    assert view.fill.mean() == pytest.approx(0.25, abs=0.01)
    assert not view.blood[view.fill].any() and not view.images[view.fill].any()


def test_each_patients_view_leaves_about_its_own_videos_share_of_black(drawn):
    table = frames.index(drawn["target"]).table
    share = {}
    for name, part in table.groupby("subject"):
        classes = [frames.read_classes(row) for row in part.itertuples()]
        share[name] = 100 * np.mean([(one == BACKGROUND).mean() for one in classes])
    assert share == pytest.approx(SURROUND, abs=4)


def test_the_surrounds_colour_follows_the_seed():
    corners = {
        tuple(draw_laparoscopic("video24", 3, 0.5, SMALL, seed)[0][2, 2])
        for seed in range(6)
    }
    assert len(corners) > 1


def test_only_some_subjects_are_drawn_as_they_are_among_all(tmp_path):
    write_hemoset(tmp_path / "all", 40, SMALL, seed=4, workers=1)
    write_hemoset(tmp_path / "two", 40, SMALL, seed=4, workers=1, only=("pig9", "pig2"))
    whole, two = digests(tmp_path / "all"), digests(tmp_path / "two")
    assert two == {
        name: value
        for name, value in whole.items()
        if name.split("/")[0] in ("pig2", "pig9")
    }
    assert len(two) == 4
    write_cholecseg8k(tmp_path / "patients", 40, SMALL, seed=4, workers=1)
    write_cholecseg8k(tmp_path / "one", 40, SMALL, seed=4, workers=1, only=("video12",))
    whole = digests(tmp_path / "patients")
    assert digests(tmp_path / "one") == {
        name: value for name, value in whole.items() if name.startswith("video12")
    }
    assert digests(tmp_path / "one")


def test_without_variation_all_pigs_look_alike_and_frames_still_differ():
    assert look("robotic", "pig1", 0, 0.0) == look("robotic", "pig9", 0, 0.0)
    assert look("robotic", "pig1", 0, 1.0) != look("robotic", "pig9", 0, 1.0)
    assert look("robotic", "pig1", 0, 1.0) != look("robotic", "pig1", 1, 1.0)
    one, other = (
        draw_robotic("pig1", 0, 0.5, SMALL, 0, 0.0)[0],
        draw_robotic("pig9", 0, 0.5, SMALL, 0, 0.0)[0],
    )
    assert (one != other).mean() > 0.5


def test_subjects_differ_more_in_colour_with_variation_than_without():
    def spread(variation: float) -> float:
        means = [
            np.mean(
                [
                    draw_robotic(pig, clip, 0.5, SMALL, 0, variation)[0].mean((0, 1))
                    for clip in range(3)
                ],
                axis=0,
            )
            for pig in PIGS
        ]
        return float(np.std(means, axis=0).mean())

    assert spread(1.0) > 1.5 * spread(0.0)


def test_a_patient_is_the_same_in_the_plain_and_in_the_wished_benchmark():
    for t in (0.1, 0.9):
        plain, classes = draw_laparoscopic("video24", 3, t, SMALL, 2)
        wished, labels = draw_laparoscopic("video24", 3, t, SMALL, 2, wished=True)
        assert not (classes == BLOOD).any()
        assert (classes == labels)[labels != BLOOD].all()
        if not (labels == BLOOD).any():
            assert (plain == wished).all()


def test_frames_of_a_clip_follow_one_another():
    clip = [draw_robotic("pig3", 1, t, SMALL, 0) for t in (0.0, 0.1, 0.2, 0.3)]
    other = draw_robotic("pig3", 2, 0.0, SMALL, 0)[0].astype(int)
    steps = [np.abs(a.astype(int) - b).mean() for (a, _), (b, _) in zip(clip, clip[1:])]
    assert max(steps) < 0.75 * np.abs(clip[0][0].astype(int) - other).mean()


def test_blood_spreads_within_a_clip_until_the_field_is_rinsed():
    rose = 0
    for clip in range(6):
        cover = [
            draw_robotic("pig2", clip, t, SMALL, 0)[1].mean()
            for t in (0.05, 0.3, 0.55, 0.95)
        ]
        rose += cover[2] > cover[0]
        assert cover[1] > 0 or cover[3] > 0  # no clip is wholly clean
    assert rose >= 5


def test_blood_is_redder_and_darker_than_what_surrounds_it_in_both_kinds():
    for images in (
        [draw_robotic(pig, 0, 0.8, (120, 160), 0) for pig in PIGS],
        [
            (image, labels == BLOOD)
            for image, labels in (
                draw_laparoscopic(video, 1, 0.5, (120, 160), 0, wished=True)
                for video in PATIENTS
            )
        ],
    ):
        within, around = [], []
        for image, blood in images:
            if not blood.any():  # some frames are clean
                continue
            ring = (
                (cv2.dilate(blood.astype(np.uint8), np.ones((15, 15))) > 0)
                & ~blood
                & (image.max(2) > 15)
            )
            within.append(image[blood].mean(0))
            around.append(image[ring].mean(0))
        within, around = np.mean(within, axis=0), np.mean(around, axis=0)
        assert within[1] / within[0] < around[1] / around[0]
        assert within.sum() < 0.85 * around.sum()


def test_the_targets_blood_is_darker_than_the_sources():
    source = np.mean(
        [
            image[blood].mean()
            for image, blood in (draw_robotic(pig, 0, 0.8, SMALL, 0) for pig in PIGS)
            if blood.any()
        ]
    )
    target = np.mean(
        [
            image[labels == BLOOD].mean()
            for image, labels in (
                draw_laparoscopic(video, 1, 0.5, SMALL, 0, wished=True)
                for video in PATIENTS
            )
            if (labels == BLOOD).any()
        ]
    )
    assert target < 0.8 * source


def test_a_film_darkens_with_depth_and_its_level_covers_the_share_asked_for():
    film = np.linspace(0, 2.5, 60, dtype=np.float32)[None]
    tissue = np.full((1, 60, 3), (0.6, 0.3, 0.3), np.float32)
    stained = stain(tissue, film, {"blood_dark": 0.2, "blood_hue": 0.0})[0]
    assert (
        stained[0] == pytest.approx(tissue[0, 0])
        and (np.diff(stained, axis=0) < 1e-6).all()
    )
    field = np.random.default_rng(0).random((80, 80), dtype=np.float32)
    everywhere = np.ones((80, 80), bool)
    for share in (0.02, 0.2, 0.6):
        assert (thickness(field, everywhere, share) >= THICK).mean() == pytest.approx(
            share, abs=0.02
        )
    assert not thickness(field, everywhere, 0).any()


@pytest.mark.parametrize(
    "wrong, message",
    [
        (
            {"n_frames": 9},
            "n_frames is 9: ask for 10 to 1000000, so that each subject has a frame.",
        ),
        (
            {"size": (20, 320)},
            r"size is \(20, 320\): ask for a height and a width of at least 32 pixels.",
        ),
        (
            {"variation": -1.0},
            r"variation is -1.0: ask for 0 \(all subjects alike\) to 1.5.",
        ),
        (
            {"only": ("pig8",)},
            "No subject is called 'pig8': choose from pig1, .*pig11.",
        ),
        (
            {"swapped": ("fog",)},
            "No group is called 'fog': choose from light, colour, .*anatomy.",
        ),
    ],
)
def test_an_argument_out_of_range_is_refused_in_one_sentence(tmp_path, wrong, message):
    with pytest.raises(CourseError, match=message):
        write_hemoset(tmp_path / "source", **wrong)
    assert not list(tmp_path.iterdir())


def test_more_frames_than_released_are_refused(tmp_path):
    with pytest.raises(CourseError, match="n_frames is 8081: ask for 17 to 8080"):
        write_cholecseg8k(tmp_path / "target", 8081)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "mine.txt").write_text("mine")
    with pytest.raises(
        CourseError,
        match="source is there already and not empty: remove it or name another folder.",
    ):
        write_hemoset(tmp_path / "source", 10, SMALL)
    assert [path.name for path in tmp_path.rglob("*.txt")] == ["mine.txt"] and len(
        list(tmp_path.iterdir())
    ) == 1


@pytest.mark.parametrize(
    "number, message",
    [
        (errno.ENOSPC, "The disk is full while .*source is being drawn: free some"),
        (errno.EACCES, "source cannot be written .*: name a folder that can."),
    ],
)
def test_a_disk_that_fails_ends_in_one_sentence_and_leaves_nothing(
    tmp_path, monkeypatch, number, message
):
    def fail(path, data):
        if "pig3" in str(path):
            raise OSError(number, "No room")
        return len(data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(CourseError, match=message):
        write_hemoset(tmp_path / "source", 10, SMALL)
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_filled(tmp_path):
    write_hemoset(tmp_path, 10, SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PIGS)
