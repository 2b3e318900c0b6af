"""One training shared by several processes: what it learns is what one process learns."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import trained_in_parallel as script

from helpers import models, parallel
from helpers.errors import CourseError
from helpers.settings import ROOT

SCRIPT = str(Path(__file__).with_name("trained_in_parallel.py"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What this process learns."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        patch.setattr("helpers.models.build", models.build)  # put back afterwards
        yield {"step": script.step(), "weights": script.whole()}
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """What two processes learn together, over gloo."""
    folder = tmp_path_factory.mktemp("shared")
    environment = os.environ | {
        "COURSE_STORE": str(folder / "store"),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [sys.executable, *launcher, SCRIPT, str(folder)]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # Only the first process keeps anything, and of a training that is done nothing else.
    assert len(list((folder / "store" / "models").iterdir())) == 1
    assert not list((folder / "store" / "checkpoints").iterdir())
    found = {name: torch.load(folder / f"{name}.pt") for name in ("step", "weights")}
    assert found["step"]["processes"] == found["weights"]["processes"] == 2
    return found


def test_a_shared_step_has_the_whole_batchs_loss_gradients_and_statistics(
    alone, shared
):
    """In double precision, so that a wrong formula could not hide in the rounding: on the course's own network a
    mean of the shares' losses, or statistics of a share, would be off by more than a hundredth."""
    ours, theirs = alone["step"], shared["step"]
    assert theirs["loss"] == pytest.approx(ours["loss"], abs=1e-12)
    largest = max(one.abs().max() for one in ours["gradients"].values())
    assert largest > 0.1
    for name, gradient in ours["gradients"].items():
        away = (gradient - theirs["gradients"][name]).abs().max()
        assert away <= 1e-11 * largest, name
    for name, buffer in ours["buffers"].items():
        torch.testing.assert_close(
            theirs["buffers"][name], buffer, rtol=1e-10, atol=1e-10
        )


def test_a_shared_training_ends_as_one_process_does(alone, shared):
    """Three epochs in float32, whose sums of some thousand pixels carry some 1e-6 of their size."""
    ours, theirs = alone["weights"], shared["weights"]
    assert theirs["history"]["best_epoch"] == ours["history"]["best_epoch"]
    for name in ("loss", "id_val", "learning_rate"):
        expected = pytest.approx(ours["history"][name], abs=1e-5)
        assert theirs["history"][name] == expected
    for name, weight in ours["weights"].items():
        # A bias right before a batch norm has no gradient but rounding, and Adam divides a gradient by its own size:
        # it may walk by the learning rate in each of nine steps, and the norm's mean takes that away again.
        drifts = name in ("layers.0.bias", "layers.1.running_mean")
        within = 9 * 1e-3 if drifts else 1e-5
        assert (weight - theirs["weights"][name]).abs().max() <= within, name
    assert ours["history"]["loss"][-1] < ours["history"]["loss"][0] - 1e-3


def test_alone_nothing_is_changed():
    model = torch.nn.BatchNorm2d(2)
    with parallel.together() as first, parallel.spread(model):
        assert first and "forward" not in vars(model)
    assert parallel.processes() == 1


def test_a_network_that_draws_for_itself_is_refused(monkeypatch):
    monkeypatch.setattr(parallel, "processes", lambda: 2)
    model = torch.nn.Sequential(torch.nn.Dropout(0.0), torch.nn.Dropout2d(0.1))
    with pytest.raises(CourseError, match="has dropout, .* without PARALLEL=") as told:
        with parallel.spread(model):
            pass
    assert "\n" not in str(told.value)


def test_more_processes_than_gpus_is_a_sentence(monkeypatch):
    monkeypatch.setattr(parallel.settings, "device", lambda: "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(CourseError, match="this machine has 2: give at most") as told:
        parallel.launch(4, "helpers.study", [])
    assert "\n" not in str(told.value)


# How it ends


@pytest.fixture
def study(tmp_path):
    """Begins a study of two processes of the tests' own (see ended_in_parallel)."""
    begun = []

    def begin(how):
        environment = os.environ | {
            "COURSE_STORE": str(tmp_path / "store"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        }
        environment.pop("OMP_NUM_THREADS", None)
        command = [sys.executable, "-m", "ended_in_parallel", how, str(tmp_path)]
        begun.append(
            subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stderr=-1, text=True
            )
        )
        return begun[0]

    yield begin
    begun[0].kill()
    for rank in ranks(tmp_path):
        if alive(rank):
            os.kill(rank, signal.SIGKILL)


def ranks(folder):
    return [int(file.read_text().split()[0]) for file in folder.glob("rank-*")]


def alive(process):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def test_an_interrupt_of_the_launcher_alone_ends_every_process(study, tmp_path):
    launcher = study("forever")
    until = time.monotonic() + 200
    while not (tmp_path / "trains").exists():
        assert time.monotonic() < until and launcher.poll() is None
        time.sleep(0.05)
    for one in (signal.SIGTERM, signal.SIGINT):  # somebody is impatient
        launcher.send_signal(one)
        time.sleep(0.01)
    _, said = launcher.communicate(timeout=100)
    assert launcher.returncode == 130
    assert said.strip() == "Interrupted; the same command goes on from here."
    assert len(ranks(tmp_path)) == 2 and not any(map(alive, ranks(tmp_path)))


def test_a_shared_step_that_fails_ends_the_run_with_a_sentence(study, tmp_path):
    launcher = study("fails")
    _, said = launcher.communicate(timeout=200)
    assert launcher.returncode == 1
    assert "step that 2 processes share failed (OutOfMemoryError: CUDA out" in said
    assert said.strip().endswith("the same command goes on from here.")
    assert "\n" not in said.strip()
    # No other job was begun with those that still wait in the step.
    assert (tmp_path / "job-0").exists() and not (tmp_path / "job-1").exists()
    assert len(ranks(tmp_path)) == 2 and not any(map(alive, ranks(tmp_path)))
    # THREADS= is for both of them.
    found = [file.read_text().split()[1] for file in tmp_path.glob("rank-*")]
    assert found == ["1", "1"]


def test_a_backward_that_fails_is_no_error_of_a_job_either(monkeypatch):
    monkeypatch.setattr(parallel, "processes", lambda: 1)
    monkeypatch.setattr(parallel.Shared, "share_weights", lambda _: None)
    monkeypatch.setattr(parallel, "_tell", lambda *_: None)
    shared = parallel.Shared(torch.nn.Conv2d(3, 1, 1))
    images = torch.rand(2, 3, 4, 4)
    found = parallel._Spread.apply(shared, images, *shared.weights)

    def breaks(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 1 GiB")

    monkeypatch.setattr(parallel.Shared, "backward", breaks)
    with pytest.raises(parallel.Broken, match="OutOfMemoryError: CUDA out of") as told:
        found.mean().backward()
    assert not isinstance(told.value, Exception) and "\n" not in str(told.value)
