"""What a reader turns: a slider, a choice, a switch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Control:
    """One thing to turn.

    name: of draw's argument. label: what the reader sees. values: what it may be, in
    order. said: each value in words. start: the place of the value to begin with.
    """

    name: str
    label: str
    values: tuple
    said: tuple[str, ...]
    kind: Literal["slider", "choice", "switch"]
    start: int = 0


def Slider(  # noqa: N802 (they read as the kinds of control that they make)
    name: str,
    label: str,
    values: Sequence,
    start: object = None,
    said: Sequence[str] | None = None,
) -> Control:
    """Values in an order that means something; start: the value to begin with, the
    first where none is given. ValueError where it isn't among them."""
    return _made(name, label, values, start, said, "slider")


def Choice(  # noqa: N802
    name: str,
    label: str,
    values: Sequence,
    start: object = None,
) -> Control:
    """A few values without an order; the arguments are a Slider's."""
    return _made(name, label, values, start, None, "choice")


def Switch(name: str, label: str) -> Control:  # noqa: N802
    """Off, as it begins, or on: draw is given False or True."""
    return _made(name, label, (False, True), None, ("off", "on"), "switch")


def _made(name, label, values, start, said, kind) -> Control:
    values = tuple(values)
    said = tuple(said) if said is not None else tuple(f"{one}" for one in values)
    if not values or len(said) != len(values):
        raise ValueError(f"'{name}' needs a word for each of its values")
    place = 0 if start is None else values.index(start)
    return Control(name, label, values, said, kind, place)
