"""The study: its plan, one job after another or on a cluster with the same table, failures, and what varies."""

import errno
import os
import shutil
import signal
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import (
    adaptation,
    domains,
    models,
    remedies,
    runs,
    settings,
    store,
    study,
)
from helpers.errors import CourseError
from helpers.study import __main__ as main
from helpers.study import engine, measuring, plan, tables
from helpers.study.plan import Job
from report import execute
from report.notebooks import FOLDER

JOBS = [
    Job(None, "lite0", remedy, seed)
    for remedy in ("nothing", "view_rule")
    for seed in (0, 1)
]


# The plan


def test_the_plan_has_each_combination_once_and_what_others_begin_with_first():
    course = settings.course("full")
    jobs = plan.jobs(course, "lite0, resnet34", "adabn nothing", "3 4")
    assert len(jobs) == len(set(jobs)) == 5 * 2 * 2 * 2
    assert {job.fold for job in jobs} == set(range(5))
    assert {job.seed for job in jobs} == {3, 4}
    assert [job.remedy for job in jobs] == ["nothing"] * 20 + ["adabn"] * 20
    assert plan.table(jobs).columns.to_list() == tables.JOB


@pytest.mark.parametrize("profile", list(settings.PROFILES))
def test_every_profile_has_a_grid_that_can_be_run(profile):
    course = settings.course(profile, seed=7)
    jobs = plan.jobs(course)
    assert jobs[0].remedy == "nothing" and jobs[0].seed == 7
    assert {job.remedy for job in jobs} <= set(adaptation.NAMES)
    assert set(measuring.RECIPES) == set(adaptation.NAMES)
    # The lessons' own networks are among them.
    assert course.numbers.encoder in {job.encoder for job in jobs}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--profile", "slow"], "no profile 'slow'"),
        (["--seed", "x"], "seed is 'x', which is no whole number"),
        (["--seeds", "0 x1"], "SEEDS has 'x1', which is no whole number"),
        (["--encoders", "lite0 vgg"], "ENCODERS has 'vgg', which the course"),
        (["--remedies", "tent,hope"], "REMEDIES has 'hope', which the course"),
        (["--workers", "0"], "WORKERS is '0', which is no whole number from 1 on"),
        (["--workers", "1 2"], "WORKERS is '1 2', which is more than one number"),
        (["--threads", "two"], "THREADS is 'two'"),
        (["--folds", "-3"], "FOLDS is '-3'"),
        (["--parallel", "0.5"], "PARALLEL is '0.5'"),
        (["--on", "moon"], "ON=moon is neither local nor slurm, nor a file"),
        (["--on", "local", "--parallel", "2"], "give one of the two"),
        (["--data", "/nowhere/at all"], "there is no such folder"),
        (["--weights", "/nowhere/a.pth"], "WEIGHTS=/nowhere/a.pth: there is no such"),
        (["--profile", "\x1b[31m"], "no profile"),
    ],
)
def test_a_value_that_means_nothing_is_one_sentence(words, said, capsys, own_store):
    assert main.main(["--plan", "1", *words]) == 1
    told = capsys.readouterr().err.strip()
    assert said in told and "\n" not in told and "\x1b" not in told
    assert not own_store.exists()


def test_the_plan_stands_in_a_file_before_anything_runs(own_store, capsys):
    assert main.main(["--profile", "smoke", "--seeds", "2", "--plan", "1"]) == 0
    [file] = (own_store / "study").iterdir()
    assert list(pd.read_csv(file)["seed"]) == [2, 2, 2]
    said = capsys.readouterr().out
    assert str(file) in said and said.count("single ") == 3 and " -1 " not in said
    assert [one.name for one in own_store.iterdir()] == ["study"]


# Here and elsewhere


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A store of these tests' own, and three folds of very little."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        yield settings.course("smoke")


@pytest.fixture(scope="module")
def here(course):
    """The study in this process: its rows."""
    assert main.conduct(course, JOBS, threads=1) == 0
    return study.read(course, domains.gather(course))


def killed_once(course, job, code):
    """A job of the study, whose process is killed in the middle the first time."""
    mark = store.folder("marks", {"job": job})
    mark.parent.mkdir(parents=True, exist_ok=True)
    if job == JOBS[1] and not mark.exists():
        mark.write_text(str(os.getpid()))
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return measuring.of_job(course, job, code)


def test_three_workers_of_which_one_is_killed_give_the_same_table(
    here, course, tmp_path, monkeypatch, capsys
):
    # Frames that were drawn stay, and all that was learned goes.
    learned = shutil.ignore_patterns("models", "predictions", "stud*", ".*-*")
    drawn = settings.store_folder()
    shutil.copytree(drawn, tmp_path, ignore=learned, dirs_exist_ok=True)
    monkeypatch.setenv("COURSE_STORE", str(tmp_path))
    monkeypatch.setattr(measuring, "of_job", killed_once)
    jobs_of = {"on": "local", "workers": 3, "threads": 1}
    assert main.conduct(course, JOBS, **jobs_of) == 0, capsys.readouterr()
    monkeypatch.undo()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path))
        killed = int(store.folder("marks", {"job": JOBS[1]}).read_text())
        assert killed != os.getpid() and not Path(f"/proc/{killed}").exists()
        there = study.read(course, domains.gather(course))
    pd.testing.assert_frame_equal(there, here, check_exact=True)
    assert set(here["threads"]) == {1} and set(here["device"]) == {settings.device()}


def test_a_lesson_finds_the_studys_networks_and_its_numbers(here, course, monkeypatch):
    data = domains.gather(course)
    monkeypatch.setattr(
        "helpers.training.fit", lambda *_, **__: pytest.fail("it was trained again")
    )
    run = runs.baseline(course, data)
    setting = remedies.Setting(course, data, run, "ood_wished_val")
    ours = remedies.by_subject(
        remedies.measured(remedies.nothing(setting), data.of("ood_wished"))
    )
    found = here.query("remedy == 'nothing' and seed == 0 and split == 'ood_wished'")
    found = found.set_index("subject")
    for measure in remedies.MEASURES:
        pd.testing.assert_series_equal(found[measure], ours[measure], check_exact=True)


def test_what_is_counted_and_what_is_derived_belong_together(here):
    assert (here["view_tp"] <= here["tp"]).all() and (here["tp"] > 0).any()
    assert (here["frames_with_blood"] <= here["frames"]).all()
    one = here[(here["frames"] == 1) & (here["frames_with_blood"] == 1)]
    dice = 2 * one["tp"] / (2 * one["tp"] + one["fp"] + one["fn"])
    np.testing.assert_allclose(one["dice"], dice)
    clean = here["frames_with_blood"] == here["frames"]
    assert here.loc[clean, "alarm_at_1px"].isna().all()
    assert here.loc[here["frames_with_blood"] == 0, "dice"].isna().all()


def test_a_failing_job_is_a_sentence_and_a_rerun_takes_only_what_is_missing(
    here, course, monkeypatch, capsys
):
    def fails(setting):
        raise CourseError("This remedy has no patience: give it some.")

    monkeypatch.setitem(measuring.RECIPES, "adabn", fails)
    jobs = [*JOBS, *(Job(None, "lite0", name, 0) for name in ("adabn", "threshold"))]
    assert main.conduct(course, jobs, threads=1) == 1
    said = capsys.readouterr().out
    assert "4 of 6 jobs are in the store." in said
    assert "one split, lite0, adabn, seed 0: This remedy has no patience" in said
    place = tables._place(course, domains.gather(course))
    ended = pd.read_csv(place / "jobs.csv").set_index("remedy")
    assert ended.loc["adabn", "state"] == "failed"
    assert "no patience" in ended.loc["adabn", "failure"]
    assert ended.loc["threshold", "state"] == "done"

    asked = []
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_STORE", str(place.parents[1]))
    real = measuring.of_job
    monkeypatch.setattr(
        measuring, "of_job", lambda *job: asked.append(job[1]) or real(*job)
    )
    assert main.conduct(course, jobs, threads=1) == 0
    assert asked == [jobs[4]]
    assert "5 of 6 jobs are in the store." in capsys.readouterr().out


def test_another_plan_adds_to_the_table_and_takes_nothing_away(here, course):
    data = domains.gather(course)
    assert main.conduct(course, [JOBS[0]._replace(remedy="threshold")], threads=1) == 0
    table = study.read(course, data)
    kept = table.merge(here[tables.JOB].drop_duplicates(), on=tables.JOB)
    pd.testing.assert_frame_equal(kept, here, check_exact=True)
    assert "threshold" in set(table["remedy"])
    assert not table.duplicated([*tables.JOB, "split", "subject"]).any()


def test_a_study_of_other_frames_or_settings_is_not_read(here, course):
    data = domains.gather(course)
    assert study.read(course.but(epochs=2), data) is None
    assert study.read(settings.course("smoke", seed=1), data) is None


def test_a_changed_recipe_asks_for_its_own_jobs_anew(here, course, monkeypatch):
    frames = {None: measuring.frames_of(domains.gather(course))}
    assert measuring.kept(course, frames, JOBS[0], None) is not None
    before = measuring.code_of(JOBS[0])
    monkeypatch.setitem(measuring.RECIPES, "nothing", remedies.longer)
    assert measuring.code_of(JOBS[0]) != before
    assert measuring.kept(course, frames, JOBS[0], None) is None
    assert measuring.kept(course, frames, JOBS[2], None) is not None


def test_the_table_tells_the_precision_that_its_networks_learned_in(
    here, course, monkeypatch
):
    assert set(here["trained_in"]) == {"float32"}
    half = runs.baseline(course, domains.gather(course))
    half.model.precision = "bfloat16"
    monkeypatch.setattr(runs, "baseline", lambda *_: half)
    rows = measuring.measured(course, None, 0, remedies.nothing)
    assert set(rows["trained_in"]) == {"bfloat16"}


def test_a_worker_with_other_code_says_so(course):
    [one] = engine.run(measuring.of_job, [(course, JOBS[0], "other")])
    assert "code of the course is another" in one.failure and "\n" not in one.failure


def test_a_study_of_other_weights_is_another(here, course, monkeypatch):
    scratch = settings.course("smoke", weights="none")
    data = domains.gather(course)
    assert study.read(course, data) is not None and study.read(scratch, data) is None
    frames = {None: measuring.frames_of(data)}
    assert measuring.kept(course, frames, JOBS[0], None) is not None
    assert measuring.kept(scratch, frames, JOBS[0], None) is None
    begun = []
    monkeypatch.setattr(main, "conduct", lambda one, *_, **__: begun.append(one) or 0)
    for weights, found in (("", "imagenet"), ("none", None)):
        main.main(["--profile", "smoke", "--weights", weights])
        assert begun.pop().weights == found


def test_weights_of_another_encoder_stop_the_study_before_it_begins(
    tmp_path, capsys, own_store
):
    network = models.build("resnet18", weights=None, seed=7)
    torch.save(network.network.encoder.state_dict(), tmp_path / "ours.pth")
    words = ["--profile", "smoke", "--weights", str(tmp_path / "ours.pth")]
    assert main.main([*words, "--plan", "1", "--encoders", "lite0"]) == 1
    said = capsys.readouterr().err.strip()
    assert "ours.pth" in said and "\n" not in said
    assert main.main([*words, "--plan", "1", "--encoders", "resnet18"]) == 0


# The table


@pytest.fixture
def add(here, course, tmp_path, monkeypatch):
    """Gathers a job of another encoder, in a store with nothing but the study."""
    data = domains.gather(course)
    monkeypatch.setenv("COURSE_STORE", str(tmp_path))

    def added(encoder):
        jobs = plan.table([JOBS[0]._replace(encoder=encoder)])
        rows = here[here["seed"] == 0].assign(encoder=encoder)
        return tables.gathered(course, data, jobs.assign(state="done"), rows)

    added.read = lambda: study.read(course, data)
    return added


def test_two_studies_that_end_at_once_both_stand_in_the_table(add, monkeypatch):
    add("lite0")
    other, made = threading.Thread(target=add, args=("resnet34",)), tables.summary

    def slow(rows):
        if not other.ident:
            other.start()
            other.join(1)  # it waits for the lock, or would be done
        return made(rows)

    monkeypatch.setattr(tables, "summary", slow)
    place = add("mobilenet_v2")
    other.join()
    encoders = {"lite0", "resnet34", "mobilenet_v2"}
    for name in tables.FILES:
        assert set(pd.read_csv(place / name)["encoder"]) == encoders


def test_the_old_tables_stand_where_the_new_can_not_be_written(add, monkeypatch):
    place = add("lite0")
    before = add.read()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_csv", full)
        with pytest.raises(CourseError, match="the disk is full"):
            add("resnet34")
    pd.testing.assert_frame_equal(add.read(), before)
    assert [one.name for one in place.parent.iterdir()] == [place.name]
    add("resnet34")
    assert set(add.read()["encoder"]) == {"lite0", "resnet34"}


# The engine


def half(number: int) -> float:
    if number == 13:
        raise ValueError("thirteen\nand more")
    return number / 2


def ends_itself(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_outcomes_hold_what_a_job_gave_or_why_not():
    done = list(engine.run(half, [(4,), (13,), (6,)]))
    assert [one.result for one in done] == [2, None, 3]
    assert done[1].failure.startswith("ValueError: thirteen (line ")
    assert "test_study.py" in done[1].failure and done[0].failure == ""


def test_results_come_in_the_jobs_order_or_not_at_all(another, monkeypatch):
    assert engine.results(half, [(4,), (6,)], on="") == [2, 3]
    with pytest.raises(ValueError, match="thirteen\nand more"):
        engine.results(half, [(13,), (4,)], on="")
    there = types.SimpleNamespace(SLURMCluster=another)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", there)
    monkeypatch.setenv("ON", "slurm")
    jobs = [(number,) for number in range(12)]
    assert engine.results(half, jobs) == [number / 2 for number in range(12)]
    with pytest.raises(CourseError, match=r"half\(13,\): ValueError: thirteen"):
        engine.results(half, [(13,), *jobs])


def test_a_job_that_ends_its_process_each_time_fails_alone(monkeypatch):
    monkeypatch.setattr(engine, "TRIES", 1)
    [lost] = engine.run(ends_itself, [(1,)], on="local", workers=1, threads=1)
    assert lost.result is None and "ended 1 times without a word" in lost.failure


@pytest.mark.parametrize(
    ("package", "on"), [("dask_jobqueue", "slurm"), ("asyncssh", "hosts.txt")]
)
def test_a_package_that_is_absent_is_one_sentence(package, on, tmp_path, monkeypatch):
    (tmp_path / "hosts.txt").write_text("# ours\nlocalhost\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(CourseError, match=f"needs the package {package}") as told:
        list(engine.run(half, [(4,)], on=engine.known(on)))
    assert r"'.[cluster]'" in str(told.value) and "\n" not in str(told.value)


@pytest.fixture
def another(monkeypatch):
    """Stands for a cluster of another kind: it is a local one, and notes what it was asked for."""
    from distributed import LocalCluster

    asked, local = [], {"dashboard_address": None, "processes": False, "n_workers": 1}

    class Another(LocalCluster):
        def __init__(self, *given, **named):
            asked.append((given, named))
            super().__init__(threads_per_worker=1, **local)

        def scale(self, n=0, jobs=None):
            asked.append(jobs)
            return super().scale(jobs and 1 or n)

    Another.asked = asked
    return Another


def test_slurm_takes_one_job_at_a_time_on_each_of_its_jobs(another, monkeypatch):
    there = types.SimpleNamespace(SLURMCluster=another)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", there)
    done = list(engine.run(half, [(4,)], on="slurm", workers=5))
    assert [one.result for one in done] == [2]
    (_, named), jobs = another.asked[:2]
    assert named["worker_extra_args"] == ["--nthreads", "1"] and jobs == 5

    def lacks(**_):
        raise ValueError("You must specify how much cores\nand memory")

    there.SLURMCluster = lacks
    with pytest.raises(CourseError, match="what a job may take") as told:
        list(engine.run(half, [(4,)], on="slurm", workers=5))
    assert "\n" not in str(told.value)


def test_hosts_are_read_from_a_file_the_first_gives_out_the_jobs(
    another, tmp_path, monkeypatch
):
    monkeypatch.setattr("distributed.SSHCluster", another)
    monkeypatch.setitem(sys.modules, "asyncssh", types.SimpleNamespace())
    file = tmp_path / "hosts"
    file.write_text("one\n# not this\n\ntwo\n")
    [done] = engine.run(half, [(4,)], on=str(file))
    assert done.result == 2
    ((hosts,), named) = another.asked[0]
    assert hosts == ["one", "one", "two"]
    assert named["worker_options"]["nthreads"] == 1
    file.write_text("# nobody\n")
    with pytest.raises(CourseError, match="lists no host") as told:
        list(engine.run(half, [(4,)], on=str(file)))
    assert "\n" not in str(told.value)


def test_workers_of_a_machine_take_its_gpus_in_turn(monkeypatch):
    import distributed

    taken = []
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    for count, name in ((4, 5), (4, "SLURMCluster-3"), (1, 2), (0, 0), (2, 1)):
        monkeypatch.setattr(torch.cuda, "device_count", lambda count=count: count)
        worker = types.SimpleNamespace(name=name)
        monkeypatch.setattr(distributed, "get_worker", lambda one=worker: one)
        list(engine.run(half, [(4,)]))
    assert taken == [5 % 4, 1 % 2]


def test_a_shared_study_ends_with_its_processes_code(monkeypatch, own_store, capsys):
    asked = ["--profile", "smoke", "--parallel", "3", "--threads", "2"]
    for code in (0, 1, 9):

        def launched(number, module, words, threads, code=code):
            assert (number, module, words) == (3, "helpers.study", asked)
            assert threads == 2
            return code

        monkeypatch.setattr(main.parallel, "launch", launched)
        assert main.main(asked) == code


def test_a_page_that_shows_the_study_is_made_anew_with_it_and_no_other(own_store):
    reads = FOLDER / "07_close_the_gap.py"
    before = execute.studied(reads)
    assert before
    others = set(FOLDER.glob("*.py")) - {reads}
    assert others and not any(execute.studied(other) for other in others)
    place = store.entry("studies", {}, lambda draft: (draft / "x").write_text("1"))
    assert execute.studied(reads) != before
    shutil.rmtree(place)
    assert execute.studied(reads) == before


@pytest.mark.parametrize(
    ("imports", "found"),
    [
        ("from helpers import study\nstudy.HOW", True),
        ("from helpers import (\n    runs,\n    study,\n)\nstudy.read", True),
        ("import helpers.study as tables\ntables.HOW", True),
        ("from helpers.study import tables\ntables.read", True),
        ("from helpers import runs\nstudy = 1\nruns.baseline", False),
    ],
)
def test_a_lesson_reads_the_study_however_it_imports_it(tmp_path, imports, found):
    lesson = tmp_path / "lesson.py"
    lesson.write_text(imports)
    assert bool(execute.studied(lesson)) == found


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (
            (0.01, 0.02, 0.3),
            "0.010 over folds, 0.020 over seeds and 0.300 over subjects",
        ),
        ((np.nan, 0.02, 0.3), "over folds nothing can be said here"),
        ((np.nan, np.nan, np.nan), "has nothing to vary over"),
    ],
)
def test_what_a_lesson_says_of_the_table(sides, said):
    names = [f"over {name}" for name in ("folds", "seeds", "subjects")]
    table = pd.DataFrame([{"remedy": "adabn"} | dict(zip(names, sides))])
    assert said in study.said(table) and "nan" not in study.said(table)


def test_a_benchmark_takes_its_places_from_the_environment():
    assert engine.asked({"ON": "local", "WORKERS": "3", "THREADS": "1"}) == {
        "on": "local",
        "workers": 3,
        "threads": 1,
    }
    assert engine.asked({}) == {"on": "", "workers": 2, "threads": None}
    with pytest.raises(CourseError, match="ON=mars"):
        engine.asked({"ON": "mars"})
