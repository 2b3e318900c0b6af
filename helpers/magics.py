"""The cell magic %%phantom: such a cell is skipped where a run has no phantom.

A transformation of the cell's text rather than a magic function, so that an error in
the cell is reported once and with its own lines.
"""

from IPython import get_ipython

NAME = "%%phantom"
NEEDS_PHANTOM = (
    "This part needs the phantom: what it compares with is known of drawn surgery only."
)


def register(drawn: bool) -> None:
    """Let the notebook's cells that begin with %%phantom run, or be skipped with a
    line.

    drawn: whether this run has the phantom. The last call counts; without IPython there
    is nothing to do.
    """
    shell = get_ipython()
    if shell is None:
        return
    kept = [one for one in shell.input_transformers_cleanup if not _is_ours(one)]
    shell.input_transformers_cleanup[:] = [*kept, _Phantom(drawn)]


class _Phantom:
    def __init__(self, drawn: bool) -> None:
        self.drawn = drawn
        self.skipped, self.again = -2, False  # the cell that was skipped last

    def __call__(self, lines: list[str]) -> list[str]:
        if not lines or lines[0].strip() != NAME:
            return lines
        if self.drawn:
            return ["\n", *lines[1:]]  # an empty line keeps the numbers of the others
        # One line for a row of such cells, and none in place of their prose. A kernel
        # asks more than once about the same cell.
        count = getattr(get_ipython(), "execution_count", 0)
        if count != self.skipped:
            self.again, self.skipped = count == self.skipped + 1, count
        if self.again or (len(lines) > 1 and lines[1].startswith("say(")):
            return ["\n"]
        shown = (
            f"__import__('IPython.display', fromlist=['']).Markdown({NEEDS_PHANTOM!r})"
        )
        return [f"{shown}\n"]


def _is_ours(transform: object) -> bool:
    # By name, since a reloaded module has another class of the same name.
    return type(transform).__name__ == _Phantom.__name__
