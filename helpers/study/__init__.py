"""The whole study as a table of independent jobs: fold x encoder x remedy x seed.

`make study` plans them (`plan`), runs them here or on a cluster (`engine`,
`measuring`), keeps each one's result and gathers them into one table (`tables`), and
tells what varies over folds, seeds and subjects apart (`variation`). A lesson reads it:

    table = study.read(lesson.course, lesson.domains)  # None where nobody made one
"""

from helpers.study.tables import HOW, read, said, spread

__all__ = ["HOW", "read", "said", "spread"]
