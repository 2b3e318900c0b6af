"""torchrun without its reports: its processes say themselves why they end."""

import logging
import sys

from torch.distributed import run
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

from helpers.parallel.launching import INTERRUPTED


def main(words: list[str]) -> int:
    """Run torchrun; the exit code of the first process that failed, else 0."""
    logging.disable(logging.ERROR)
    try:
        run.run(run.parse_args(words))
    except SignalException:
        return INTERRUPTED
    except ChildFailedError as error:
        code = error.get_first_failure()[1].exitcode
        if code < 0:
            print(
                f"\nA process was ended by signal {-code}, most often because memory "
                "ran out; the same command goes on from here.",
                file=sys.stderr,
            )
        return max(code, 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
