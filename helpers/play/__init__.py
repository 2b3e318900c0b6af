"""Things to play with: live widgets in Jupyter, and in the report plain HTML over what
was computed beforehand. One call makes both."""

from helpers.play.interactive import Browser, Choice, Interactive, Slider, Switch
from helpers.play.scene import Picture, Scene, bars, cloud, dots, line, spans
