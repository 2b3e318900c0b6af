"""python -m helpers.store: say how large the store is and drop what no code can ask for
any more; `clear` drops everything.
"""

import sys

from helpers.errors import CourseError
from helpers.store import tidying


def main(words: list[str]) -> int:
    """Tidy and tell; 0, or 1 where the store can't be read."""
    try:
        if words == ["clear"]:
            tidying.clear()
        else:
            tidying.tidy()
            stale = [one for one in tidying.kept() if tidying.stale(one.place)]
            gone = [one for one in stale if tidying.drop(one.place)]
            size = sum(one.size for one in gone) / 1e9
            print(f"Dropped {len(gone)} results of older code ({size:.1f} GB).")
        tidying.fit_limit()
        print(tidying.said())
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
