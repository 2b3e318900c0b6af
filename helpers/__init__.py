"""What the lessons share, and machinery that would hide the lesson. Each module is one
room; see README.md.
"""

from helpers import imported

imported.watch()
