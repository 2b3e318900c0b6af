"""The one error that a user of the course is meant to read."""


class CourseError(Exception):
    """Something the user can mend. Its text is one sentence that names the file, the
    cause and the remedy.
    """
