"""A lesson as a learner meets it: opened in JupyterLab, run, an exercise solved, and a
slider moved."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from helpers.settings import ROOT
from report import notebooks as exercises
from report.notebooks import FOLDER, notebook, written

LESSON = FOLDER / "03_evaluate_out_of_domain.py"  # has exercises and a slider
# As lesson 02 does, with epochs that take longer than what passes without a word.
TRAINED = """import time
from dataclasses import replace
from helpers import charts, training
from helpers.play import live
def curves(history):
    dice, title = history.id_val, f"Dice; highest {max(history.id_val):.2f}"
    return charts.lines({"mean": (range(len(dice)), dice)}, title, "epoch", "Dice")
few = replace(lesson, course=lesson.course.but(epochs=2))
step = training.Learner.step
training.Learner.step = lambda *given: time.sleep(0.5) or step(*given)
with live.live_curves(curves) as watch:
    run = few.model(watch=watch)
curves(run.history)"""
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # every cell is there
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


@contextmanager
def jupyterlab(folder: Path, store: Path) -> Iterator[str]:
    """JupyterLab on the notebooks of a folder, with settings of its own; its
    address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    around = folder / "around"
    for name, chosen in SETTINGS.items():
        path = around / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(chosen))
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(around / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(around / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(around / "config"),
        "JUPYTER_DATA_DIR": str(around / "data"),
        "JUPYTER_RUNTIME_DIR": str(around / "runtime"),
        "IPYTHONDIR": str(around / "ipython"),
        "COURSE_STORE": str(store),
        "PYTHONPATH": os.pathsep.join(paths),
    }
    log = (folder / "log.txt").open("w")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *(f"--ServerApp.root_dir={folder}", "--IdentityProvider.token="),
            *("--ServerApp.password=", "--LabApp.expose_app_in_browser=True"),
        ],
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


class Lab:
    """A notebook that is open in JupyterLab."""

    def __init__(self, browser, address: str, name: str) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.page.set_default_timeout(120_000)
        self.address = f"{address}/lab/tree/{name}?reset"
        self.page.goto(self.address)
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        self.page.wait_for_function(
            "jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status"
            " === 'idle'"
        )

    def cell(self, place: int):
        """The cell at a place in the notebook."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(place)

    def run_all(self, seconds: int) -> None:
        """Run every cell, and wait until the last has run."""
        self.page.evaluate(
            "() => { window.ran = false; jupyterapp.commands.execute("
            "'notebook:run-all-cells').then(() => { window.ran = true; }"
            "); }"
        )
        self.page.wait_for_function("window.ran", timeout=1000 * seconds)

    def type(self, place: int, source: str) -> None:
        """Write a cell anew, by keyboard, and run it."""
        self.cell(place).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        # An editor indents by itself; inserted text comes as it is.
        self.page.keyboard.insert_text(source)
        self.run(place)

    def run(self, place: int) -> None:
        """Run one cell, whose source may be folded, and wait until it has run."""
        self.page.evaluate(
            "place => { jupyterapp.shell.currentWidget.content.activeCellIndex = place;"
            " return jupyterapp.commands.execute('notebook:run-cell'); }",
            place,
        )

    def open_again(self) -> None:
        """Save the notebook, end its kernel, and open it as on another day."""
        self.page.evaluate(
            "async () => { await jupyterapp.commands.execute('docmanager:save'); "
            "await jupyterapp.serviceManager.sessions.shutdownAll(); }"
        )
        self.page.goto(self.address)
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")

    def output(self, place: int) -> str:
        return self.cell(place).locator(".jp-Cell-outputArea").inner_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory, smoke) -> Iterator[tuple[str, Path]]:
    """JupyterLab's address, and the folder whose notebooks it opens."""
    folder = tmp_path_factory.mktemp("lab")
    with jupyterlab(folder, smoke.store) as address:
        yield address, folder


def watch_training(lab: Lab, trained: int) -> None:
    """Curves grow while a network is trained, and are there once when it is over, as
    they are where the run is found."""
    assert re.search(r"Training 'baseline', epochs: .*2/2", lab.output(trained))
    for _ in range(2):
        pictures = lab.cell(trained).locator(".jp-Cell-outputArea img")
        assert pictures.count() == 1
        assert "Dice over epoch" in pictures.first.get_attribute("alt")
        assert "waiting" not in lab.output(trained)
        lab.run(trained)


def slide(lab: Lab, slider: int) -> None:
    """Move the slider of a cell by keyboard; its picture is another one then."""
    area = lab.cell(slider).locator(".jp-Cell-outputArea")
    picture = area.locator("img").first
    picture.wait_for()
    before = picture.get_attribute("src")
    area.locator(".noUi-handle").first.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_function(
        "([area, before]) => { const now = area.querySelector('img'); "
        "return now && now.src !== before; }",
        arg=[area.element_handle(), before],
    )
    assert area.locator("img").first.get_attribute("alt")
    assert not area.locator(".play-still").is_visible()


def test_a_lesson_in_jupyterlab(browser, served) -> None:
    """Open a lesson on `smoke`, run it, fail and solve its first exercise, move its
    first slider."""
    address, folder = served
    text = written(LESSON).replace('profile = \\"quick\\"', 'profile = \\"smoke\\"')
    assert "smoke" in text
    made = nbformat.reads(text, as_version=4)
    made.cells.append(nbformat.v4.new_code_cell(TRAINED))
    nbformat.write(made, folder / f"{LESSON.stem}.ipynb")
    cells = notebook(LESSON).cells
    tags = [exercises.tags(cell) for cell in cells]
    at = next(n for n, tag in enumerate(tags) if "exercise" in tag)
    check = next(n for n, tag in enumerate(tags) if "check" in tag)
    slider = next(n for n, c in enumerate(cells) if '("threshold"' in c.source)
    lab = Lab(browser, address, f"{LESSON.stem}.ipynb")
    lab.run_all(seconds=300)
    errors = lab.page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.all_inner_texts() == []

    watch_training(lab, len(cells))

    hint = lab.output(check)
    assert hint and "Right." not in hint
    lab.type(at, exercises.solved(cells[at].source))
    lab.run(check)
    assert lab.output(check).strip() == "Right."

    slide(lab, slider)

    lab.open_again()
    area = lab.cell(slider).locator(".jp-Cell-outputArea")
    area.locator(".play-still img").first.wait_for()
    assert "A still: run the notebook to turn it." in area.inner_text()
    assert "not found" not in lab.page.locator(".jp-Notebook").inner_text()
    lab.context.close()


CLICKING = """
import numpy as np
from helpers.clicks import Point
from helpers import play
from helpers.play import live
asked = []
def segment(points):
    asked.append([(p.x, p.y, p.is_blood) for p in points])
    return np.zeros((60, 80), bool)
one = play.Slider("n", "clicks", [1])
given = play.Interactive("clicks", [one], lambda n: play.Scene("One."), "Click")
live.clicks(np.full((60, 80, 3), 90, np.uint8), segment, Point(5, 5), given)
"""


def test_a_frame_is_clicked_on_in_jupyterlab(browser, served) -> None:
    address, folder = served
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(one) for one in (CLICKING, "asked[-1]")]
    )
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, folder / "clicking.ipynb")
    lab = Lab(browser, address, "clicking.ipynb")
    lab.run(0)
    frame = lab.page.locator(".clickable")
    box = frame.locator("img").bounding_box()
    assert box["width"] == 3 * 80
    frame.click(position={"x": 3 * 20 + 1, "y": 3 * 40 + 1})
    lab.page.locator(".clickable + p", has_text="2 clicks").wait_for()
    lab.page.get_by_role("button", name="not blood").click()
    frame.focus()
    for key in ("ArrowRight", "Shift+ArrowUp", "Enter"):
        lab.page.keyboard.press(key)
    lab.page.locator(".clickable + p", has_text="3 clicks").wait_for()
    assert frame.locator("img").get_attribute("alt").startswith("3 clicks")
    lab.run(1)
    told = "[(5, 5, True), (20, 40, True), (21, 30, False)]"
    assert lab.output(1).strip().endswith(told)
    lab.context.close()
