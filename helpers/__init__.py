"""What the lessons share, and machinery that would hide the lesson. Each module is one
room; see README.md.
"""

import os

# PyTorch's threads (GNU OpenMP) wait for each other by spinning. Beside any other
# process that wants their cores, each of their many meetings then takes a time slice:
# two trainings at once took 3.7 times as long as one, and 2.2 times with this, which
# costs a lone one some 4 %. It has to be said before PyTorch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


class CourseError(Exception):
    """Something the user can mend. Its text is one sentence that names the file, the
    cause and the remedy.
    """
