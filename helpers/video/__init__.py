"""Bleeding over time: aligning frames, a network of two pathways, what is measured on a
stream and decided of it, and how a case is judged.

>>> moments = watching.moments(video, segment, video.fps)  # (images) -> probabilities
>>> table = watching.table(moments)
>>> judging.judge(judging.decide(table["growth"], 0.3), FPS, video.bleedings)
"""

DETECTORS = ("area", "growth", "unguided", "guided")
CONTROLS = ("always", "never", "motion")
FPS = 5.0
