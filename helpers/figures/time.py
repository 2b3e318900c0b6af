"""Time: decisions under the truth, cases one by one, and a time line to play with."""

import base64
import html
import itertools
import json
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import pandas as pd
from IPython.display import HTML

from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.words import counted, listed

MOST_BYTES = 400_000
_numbers = itertools.count(1)


def decisions(rows: Mapping[str, list], seconds: float, **said) -> Chart:
    """Intervals (start, end in seconds) by name, the truth first, one row each."""
    names = list(rows)
    figure, axis = style.new(8.0, 0.8 + 0.34 * len(names))
    for place, name in enumerate(names):
        bars = [(a, b - a) for a, b in rows[name]]
        colour = style.COLOURS["plain"] if place == 0 else style.PALETTE[0]
        axis.broken_barh(bars, (place - 0.32, 0.64), facecolors=colour)
    style.rows(axis, names, "seconds")
    axis.set_xlim(0, seconds)
    lasts = {name: sum(b - a for a, b in spans) for name, spans in rows.items()}
    found = "; ".join(
        f"{name}: {len(rows[name])}, together {lasts[name]:.1f} s" for name in names
    )
    first, rest = names[0], names[1:]
    right = [name for name in rest if len(rows[name]) == len(rows[first])]
    title = f"{counted(len(rows[first]), 'bleeding')} in truth; " + (
        f"the right number by {listed(right)}" if right else "nobody counts right"
    )
    alt = f"Bars along {seconds:.0f} seconds. Number of intervals, {found}."
    return made(figure, said, title, alt, "The first row is the truth.")


def counted_cases(table: pd.DataFrame, **said) -> Chart:
    """Truth against decision, a dot per case. table: detector, n_true, n_found, true_s,
    found_s, a row per case and detector."""
    names = list(dict.fromkeys(table["detector"]))
    figure, axes = style.new(8.0, 4.2, 2, len(names), squeeze=False, sharey="row")
    errors = {}
    for column, name in enumerate(names):
        part = table[table["detector"] == name]
        errors[name] = (part["n_found"] - part["n_true"]).abs().mean()
        turn = np.linspace(-0.15, 0.15, len(part))  # so that equal dots are all seen
        for row, (true, found, unit) in enumerate(
            (("n_true", "n_found", "number"), ("true_s", "found_s", "seconds"))
        ):
            axis = axes[row, column]
            top = float(table[[true, found]].to_numpy().max()) * 1.05 + 0.3
            axis.plot([0, top], [0, top], color=style.COLOURS["faint"], zorder=0)
            shift = turn if row == 0 else 0
            axis.plot(part[true] + shift, part[found], "o", ms=4, alpha=0.7)
            axis.set_xlabel(f"{unit}, truth")
            axis.set_title(name if row == 0 else "")
            if column == 0:
                axis.set_ylabel(f"{unit}, found")
    least = f"{min(errors.values()):.2f}"
    best = listed([name for name, error in errors.items() if f"{error:.2f}" == least])
    words = "; ".join(f"{name} {error:.2f}" for name, error in errors.items())
    return made(
        figure,
        said,
        f"The number of bleedings is off least with {best}: {least} a case",
        f"Truth against decision by detector. Mean error in number: {words}.",
        "A dot is a case. On the line the detector counts, or measures, right.",
    )


def timeline(
    images: Sequence[np.ndarray], rows: Mapping[str, np.ndarray], fps: float, step: int
) -> HTML:
    """Every `step`-th image (HxWx3 uint8) of a case, and decisions (a bool per frame)
    by name under them; a range control, which arrow keys move too. Without scripts the
    frame in the middle and the bars are still there. ValueError above MOST_BYTES."""
    number = next(_numbers)
    shown = images[::step]
    uris = [_uri(image) for image in shown]
    middle = len(shown) // 2
    name = f"time-{number}"
    seconds = len(images) / fps
    bars = "".join(_bar(word, flags) for word, flags in rows.items())
    states = {
        word: [bool(flag) for flag in flags[::step]] for word, flags in rows.items()
    }
    data = json.dumps(
        {"frames": uris, "rows": states, "each": step / fps}, separators=(",", ":")
    ).replace("</", "<\\/")
    body = f"""<figure class="chart timeline" id="{name}">
<img src="{uris[middle]}" alt="The case at {middle * step / fps:.1f} seconds"
width="384">
<p><label for="{name}-at">Second of {seconds:.0f}</label>
<input type="range" id="{name}-at" min="0" max="{len(shown) - 1}" value="{middle}"
style="width:100%"></p>
<p id="{name}-said" aria-live="polite">{middle * step / fps:.1f} s</p>
{bars}
<figcaption>Drag, or use the arrow keys. A filled bar says that it bleeds.</figcaption>
<script>(function () {{
var data = {data}, root = document.getElementById("{name}");
var at = document.getElementById("{name}-at"), image = root.querySelector("img");
var said = document.getElementById("{name}-said");
function show() {{
  var n = Number(at.value), second = (n * data.each).toFixed(1) + " s", yes = [];
  for (var row in data.rows) if (data.rows[row][n]) yes.push(row);
  image.src = data.frames[n];
  image.alt = "The case at " + second;
  said.textContent = second + ": " + (yes.length ? yes.join(", ") : "nobody")
    + " says that it bleeds";
  at.setAttribute("aria-valuetext", said.textContent);
}}
at.addEventListener("input", show);
show();
}})();</script></figure>"""
    if len(body) > MOST_BYTES:
        raise ValueError(
            f"the time line takes {len(body)} bytes; show every {2 * step}th frame"
        )
    return HTML(body)


def _uri(image: np.ndarray) -> str:
    quality = [cv2.IMWRITE_JPEG_QUALITY, 70]
    coded = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), quality)[1]
    return "data:image/jpeg;base64," + base64.b64encode(coded.tobytes()).decode()


def _bar(name: str, flags: np.ndarray) -> str:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, int), [0]])))
    parts = "".join(
        f'<rect x="{a}" y="0" width="{b - a}" height="10" fill="#0072B2"/>'
        for a, b in edges.reshape(-1, 2)
    )
    said = f"{name}: {counted(len(edges) // 2, 'interval')}"
    return (
        f'<div>{html.escape(name)}<svg role="img" aria-label="{html.escape(said)}" '
        f'viewBox="0 0 {len(flags)} 10" preserveAspectRatio="none" '
        f'style="display:block;width:100%;height:10px;background:#E5E5E5">{parts}</svg>'
        "</div>"
    )
