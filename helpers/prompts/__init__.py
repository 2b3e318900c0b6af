"""Segmentation by a click or a box: an image, points and a box in, a mask out.

Every method is a function method(image, points, box=None): image HxWx3 uint8 RGB,
points as `Point`s, box (left, top, right, bottom) in pixels, right and bottom not
included; it gives a bool mask HxW. GrabCut and the watershed are always there; Segment
Anything comes with `segment_anything()` where its library and its weights are.

>>> import numpy as np
>>> image = np.full((24, 24, 3), 200, np.uint8)
>>> image[6:18, 6:18] = (120, 10, 10)
>>> found = watershed(image, [Point(12, 12)])
>>> bool(found[12, 12]), bool(found[2, 2])
(True, False)
"""

from helpers.prompts.clicks import Clicked, next_click, simulated
from helpers.prompts.methods import Box, Method, Point, grabcut, watershed
from helpers.prompts.sam import SegmentAnything, segment_anything
