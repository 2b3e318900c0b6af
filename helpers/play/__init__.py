"""Things to play with: live widgets in Jupyter, and in the report plain HTML over what
was computed beforehand. One call makes both."""

from helpers.play.browser import Browser, Item
from helpers.play.controls import Choice, Control, Slider, Switch
from helpers.play.dial import dial
from helpers.play.drawings import bars, dots, line
from helpers.play.interactive import Interactive, Picture, Scene
from helpers.play.scores import (
    correlations,
    epsilon,
    explorer,
    fewer,
    frames,
    threshold,
)
from helpers.play.side_by_side import border, compare, pairs
