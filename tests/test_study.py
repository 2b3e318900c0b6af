"""The study: its plan, its jobs here and on Dask with the same table, failures, and what varies."""

import os
import re
import shutil
import signal
import threading
import time
import types
from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from distributed import LocalCluster

from benchmarks import recording
from helpers import CourseError, charts, domains, remedies, settings, training
from helpers.remedies import NAMES
from report import execute
from report.notebooks import FOLDER
from study import __main__ as main
from study import engine, tables
from study.jobs import SINGLE, Job, measured, planned

KEYS = [*Job._fields, "split", "subject"]
JOBS = [
    Job(SINGLE, "lite0", remedy, seed)
    for remedy in ("nothing", "view_rule")
    for seed in (0, 1)
]
LESSON = FOLDER / "07_close_the_gap.py"


# The plan


def test_the_plan_has_each_combination_once_and_what_others_begin_with_first(
    own_store, capsys
):
    course = settings.course("full")
    jobs = planned(course, ["lite0", "resnet34"], ["adabn", "nothing"], [3, 4])
    assert len(jobs) == len(set(jobs)) == 5 * 2 * 2 * 2
    assert {job.fold for job in jobs} == set(range(5))
    assert {job.seed for job in jobs} == {3, 4}
    assert [job.remedy for job in jobs] == ["nothing"] * 20 + ["adabn"] * 20
    jobs = planned(course, ["lite0", "pvt_v2_b2"], ["adabn", "tent", "nothing"], [3])
    assert {job.remedy for job in jobs if job.encoder == "pvt_v2_b2"} == {"nothing"}
    assert len(jobs) == 5 * (3 + 1)
    assert (
        "Left out, for want of batch norms: pvt_v2_b2 adabn" in capsys.readouterr().out
    )

    for profile in settings.PROFILES:  # whose grid holds the lessons' own networks
        course = settings.course(profile, seed=7)
        jobs = planned(course)
        assert jobs[0].remedy == "nothing" and jobs[0].seed == 7
        assert course.numbers.encoder in {job.encoder for job in jobs}
        assert {job.remedy for job in jobs} <= set(remedies.RECIPES) == set(NAMES)
    assert main.main(["--profile", "smoke", "--seeds", "2", "--plan", "1"]) == 0
    assert capsys.readouterr().out.count("single ") == 3 and not own_store.exists()


@pytest.mark.parametrize(
    "words, said",
    [
        ("--profile=slow", "slow"),
        ("--seeds=0 x1", "--seeds: invalid .* '0 x1'"),
        ("--encoders=lite0 vgg", "vgg.* choose from lite0"),
        ("--remedies=tent hope", "hope.* choose from nothing"),
        ("--workers=0", "WORKERS"),
        ("--threads=two", "--threads: invalid .*two"),
        ("--on=moon", "ON=moon.* local.* tcp://"),
        ("--data=/nowhere/at all", "no such folder"),
        ("--weights=/nowhere/a.pth", "WEIGHTS=/nowhere/a.pth"),
        ("--profile=\x1b[31m", "profile"),
    ],
)
def test_a_value_that_means_nothing_is_one_sentence(words, said, capsys, course):
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        assert main.main(["--profile=smoke", "--remedies=tent", words]) == 1
    told = capsys.readouterr().err.strip()
    assert re.search(said, told), told
    assert "\n" not in told and "\x1b" not in told


# Here and elsewhere


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A store of these tests' own, and very little to learn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        yield settings.course("smoke")


@pytest.fixture(scope="module")
def data(course):
    return domains.gather(course)


def table_of(course, data, name="study"):
    place = remedies.study_folder(course, data) / f"{name}.csv"
    return pd.read_csv(place, dtype={"subject": str})


@pytest.fixture(scope="module")
def here(course, data):
    """The study in this process: its rows."""
    assert main.conduct(course, JOBS, "", 1, 1) == 0
    return table_of(course, data)


def killed_once(course, job, study):
    """A job of the study, whose process is killed in the middle the first time."""
    mark = settings.store_folder() / "killed"
    if job == JOBS[1] and not mark.exists():
        mark.write_text(str(os.getpid()))
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return measured(course, job, study)


def test_two_workers_of_which_one_is_killed_give_the_same_table(
    here, course, data, tmp_path, monkeypatch
):
    # Frames that were drawn stay, and all that was learned goes.
    learned = shutil.ignore_patterns("models", "predictions", "study", ".*-*")
    shutil.copytree(settings.store_folder(), tmp_path / "store", ignore=learned)
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(main, "measured", killed_once)
    assert main.conduct(course, JOBS, "local", 2, 1) == 0
    killed = int((tmp_path / "store" / "killed").read_text())
    assert killed != os.getpid() and not Path(f"/proc/{killed}").exists()
    pd.testing.assert_frame_equal(table_of(course, data), here, check_exact=True)
    assert set(here["threads"]) == {1} and set(here["device"]) == {settings.device()}


def test_a_lesson_finds_the_studys_networks_and_its_numbers(
    here, course, data, monkeypatch
):
    monkeypatch.setattr("helpers.training.fit", lambda *_: pytest.fail("trained anew"))
    run = training.baseline(course, data)
    setting = remedies.Setting(course, data, run, "ood_wished_val")
    counted = remedies.measured(remedies.nothing(setting), data.of("ood_wished"))
    ours = remedies.by_subject(counted)
    found = here.query("remedy == 'nothing' and seed == 0 and split == 'ood_wished'")
    found = found.set_index("subject")[list(remedies.MEASURES)]
    pd.testing.assert_frame_equal(found, ours, check_exact=True)


def test_what_is_counted_and_what_is_derived_belong_together(here):
    assert (here["view_tp"] <= here["tp"]).all() and (here["tp"] > 0).any()
    one = here[(here["frames"] == 1) & (here["frames_with_blood"] == 1)]
    dice = 2 * one["tp"] / (2 * one["tp"] + one["fp"] + one["fn"])
    np.testing.assert_allclose(one["dice"], dice)
    clean = here["frames_with_blood"] == here["frames"]
    assert here.loc[clean, "alarm_at_1px"].isna().all()
    assert here.loc[here["frames_with_blood"] == 0, "dice"].isna().all()
    assert set(here["trained_in"]) == {"float32"}


def test_a_failing_job_is_a_sentence_and_a_rerun_takes_only_what_is_missing(
    here, course, data, monkeypatch, capsys
):
    def fails(course, job, study):
        asked.append(job)
        if job.remedy == "adabn":
            raise CourseError("This remedy has no patience: give it some.")
        return measured(course, job, study)

    asked, jobs = [], [*JOBS, *(Job(-1, "lite0", r, 0) for r in ("adabn", "threshold"))]
    with monkeypatch.context() as patch:
        patch.setattr(main, "measured", fails)
        assert main.conduct(course, jobs, "", 1, 1) == 1
    ended = table_of(course, data, "jobs").set_index("remedy")
    assert list(ended["state"]) == ["done"] * 4 + ["failed", "done"]
    assert "no patience" in ended.loc["adabn", "failure"]
    assert "1 jobs are missing" in capsys.readouterr().out and asked == jobs[4:]

    assert main.conduct(course, jobs, "", 1, 1) == 0
    table = table_of(course, data)
    assert {"adabn", "threshold"} <= set(table["remedy"])
    # What an earlier plan found stands, once.
    kept = table.merge(here[list(Job._fields)].drop_duplicates())
    pd.testing.assert_frame_equal(kept, here, check_exact=True)
    assert not table.duplicated(KEYS).any()


def test_a_study_of_other_settings_frames_or_weights_is_not_shown(here, course, data):
    def found(course):
        return (remedies.study_folder(course, data) / "summary.csv").exists()

    assert found(course)
    scratch = settings.course("smoke", weights="none")
    for other in (course.but(epochs=2), settings.course("smoke", seed=1), scratch):
        assert not found(other)


def test_a_worker_with_other_code_or_frames_says_so(course):
    [(_, rows, failure, _)] = engine.run(measured, [(course, JOBS[0], "other")])
    assert rows is None and "Code or frames are others" in failure


def test_the_old_tables_stand_where_the_new_can_not_be_written(
    here, course, data, monkeypatch, capsys
):
    before = table_of(course, data)

    def full(*_, **__):
        raise OSError(28, "No space left on device", "study.csv")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    assert main.main(["--profile", "smoke", "--remedies", "nothing"]) == 1
    assert "No space left" in capsys.readouterr().err
    pd.testing.assert_frame_equal(table_of(course, data), before)


def test_lesson_07_shows_the_table_and_its_page_is_made_anew_with_it(
    here, course, data, own_store
):
    cells = LESSON.read_text().split("# %%")
    [cell] = [one for one in cells if "study_folder" in one]
    lesson = types.SimpleNamespace(course=course, domains=data)
    names = dict(lesson=lesson, remedies=remedies, TEST="ood_wished", NAMES=NAMES)
    names |= dict(said="patients", charts=charts, pd=pd)
    exec(cell.partition("\n")[2], names)
    assert names["shown"] is None

    others = set(FOLDER.glob("*.py")) - {LESSON}
    assert others and not any(execute.studied(other) for other in others)
    before = execute.studied(LESSON)
    tables.write(
        tables.summary(here), remedies.study_folder(course, data) / "summary.csv"
    )
    assert execute.studied(LESSON) != before
    exec(cell.partition("\n")[2], names)
    assert list(names["spreads"]["remedy"]) == [NAMES["nothing"], NAMES["view_rule"]]
    assert names["shown"] is not None


# The engine


def half(number: int) -> tuple[float, str]:
    if number == 13:
        raise ValueError("thirteen\nand more")
    if number == 99:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.5)
    return number / 2, os.environ.get("CUDA_VISIBLE_DEVICES")


def test_processes_take_the_gpus_in_turn_and_a_job_that_kills_its_own_fails_alone(
    monkeypatch,
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    jobs = [(number,) for number in (2, 4, 6, 8, 13, 99)]
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        done = sorted(engine.run(half, jobs, on="local", workers=2, threads=1))
    assert [result[0] for _, result, *_ in done[:4]] == [1, 2, 3, 4]
    assert {result[1] for _, result, *_ in done[:4]} == {"5", "7"}
    assert "ValueError: thirteen" in done[4][2] and "WORKERS" in done[5][2]


def test_results_come_in_the_jobs_order_from_a_scheduler_that_is_there(
    monkeypatch, capsys
):
    jobs = [(number,) for number in (6, 4, 2)]
    assert [one for one, _ in recording.results(half, jobs[:2])] == [3, 2]
    with pytest.raises(CourseError, match=r"half\(13,\): ValueError: thirteen$"):
        recording.results(half, [(13,), (4,)])
    assert "and more" in capsys.readouterr().err  # all of it, with its trace
    with LocalCluster(1, processes=False, dashboard_address=None) as there:
        monkeypatch.setenv("ON", there.scheduler_address)
        assert [one for one, _ in recording.results(half, jobs)] == [3, 2, 1]


# What varies, against components by hand, another package, and many draws


def crossed(values: np.ndarray, factors=tables.FACTORS) -> pd.DataFrame:
    places = pd.DataFrame(list(np.ndindex(values.shape)), columns=list(factors))
    table = places.assign(value=values.ravel())
    return table.sample(frac=1, random_state=0)  # order is no matter


def drawn(random, shape=(4, 3, 5), spreads=(0.3, 0.2, 0.4), rest=0.1) -> np.ndarray:
    values = rest * random.standard_normal(shape)
    for axis, spread in enumerate(spreads):
        own = [1] * len(shape)
        own[axis] = shape[axis]
        values = values + spread * random.standard_normal(shape[axis]).reshape(own)
    return values


def parts(values: np.ndarray) -> dict[str, float]:
    factors = tables.FACTORS[: values.ndim]
    return tables.components(crossed(values, factors), factors)


def test_another_package_finds_the_same_components():
    """REML of a balanced crossed table is the analysis of variance wherever no component is below zero."""
    values = drawn(np.random.default_rng(6), (6, 5), (0.3, 0.2))
    ours = parts(values)
    assert min(ours.values()) > 0
    table = crossed(values, ["fold", "seed"]).assign(everything=1)
    effects = {"fold": "0 + C(fold)", "seed": "0 + C(seed)"}
    model = smf.mixedlm("value ~ 1", table, groups="everything", vc_formula=effects)
    fitted = model.fit(reml=True)
    theirs = dict(
        zip(model.exog_vc.names, fitted.vcomp), **{"fold x seed": fitted.scale}
    )
    assert ours == pytest.approx(theirs, rel=2e-3)


def test_over_many_draws_each_component_is_right_on_average():
    random = np.random.default_rng(0)
    found = pd.DataFrame([parts(drawn(random)) for _ in range(400)])
    expected = {"fold": 0.3, "seed": 0.2, "subject": 0.4, "fold x seed x subject": 0.1}
    expected = pd.Series(expected).reindex(found.columns, fill_value=0) ** 2
    assert (abs(found.mean() - expected) < 4 * found.std() / np.sqrt(len(found))).all()


def rows(values: np.ndarray, split="ood_test") -> pd.DataFrame:
    table = crossed(values).assign(encoder="lite0", remedy="nothing", split=split)
    return table.assign(**dict.fromkeys(tables.MEASURES, table.pop("value")))


def said(table: pd.DataFrame) -> pd.Series:
    return tables.summary(table).query("measure == 'dice'").iloc[0]


def test_the_summary_tells_folds_seeds_and_subjects_apart():
    values = drawn(np.random.default_rng(3))
    expected, found = parts(values), said(rows(values))
    assert found["value"] == pytest.approx(values.mean())
    assert tuple(found[["folds", "seeds", "subjects"]]) == values.shape
    assert found[list(expected)].to_dict() == pytest.approx(expected)
    both = expected["seed"] + expected["fold x seed"]
    sides = np.sqrt([expected["fold"], both, expected["subject"]])
    assert list(found.filter(like="over ")) == pytest.approx(list(sides))
    assert found["jobs"] == 12


def test_one_level_says_nothing_and_the_rest_is_told_without_it():
    values = drawn(np.random.default_rng(2), (1, 3, 5), (0.0, 0.2, 0.4))
    assert np.isnan(said(rows(values))["over folds"])
    assert said(rows(values))["subject"] == pytest.approx(
        parts(values[0])["seed"]  # the second of two factors, whatever its name
    )
    for silent in (np.full((2, 2, 3), np.nan), np.ones((1, 1, 1))):
        assert said(rows(silent)).filter(like="over ").isna().all()


def test_a_seed_without_all_folds_and_a_subject_without_blood_are_left_out():
    values = drawn(np.random.default_rng(4))
    values[1, 1, 2] = np.nan  # one job says nothing of subject 2
    table = rows(values)
    found = said(table[~((table["fold"] == 3) & (table["seed"] == 2))])  # one failed
    kept = np.delete(values[:, :2], 2, axis=2)
    assert tuple(found[["folds", "seeds", "subjects"]]) == kept.shape
    assert found["value"] == pytest.approx(kept.mean())


def test_pigs_that_one_fold_tests_are_not_told_apart_from_it():
    values = drawn(np.random.default_rng(5))
    table = rows(values, "id_test")
    table["subject"] = table["fold"].astype(str) + "/" + table["subject"].astype(str)
    found = said(table)
    assert found["subjects"] == 4 * 5 and np.isnan(found["over subjects"])
    expected = parts(values.mean(axis=2))
    assert found[list(expected)].to_dict() == pytest.approx(expected)
