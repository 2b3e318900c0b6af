"""The cell magics of NEEDS: such a cell is skipped where a run has not what it needs.

A transformation of the cell's text rather than a magic function, so that an error in
the cell is reported once and with its own lines.
"""

from IPython import get_ipython

NEEDS = {
    "%%phantom": "This part needs the phantom: what it compares with is known of drawn "
    "surgery only.",
    "%%batchnorm": "This part needs batch norms, and this network's encoder has none: "
    "the remedies that change them are left out, here and in the choosing.",
}


def register(drawn: bool, plain: bool = True) -> None:
    """Let the notebook's cells that begin with a name of NEEDS run, or be skipped with
    its line.

    drawn: whether this run has the phantom; plain: see settings.Course. The last call
    counts; without IPython there is nothing to do.
    """
    shell = get_ipython()
    if shell is None:
        return
    kept = [one for one in shell.input_transformers_cleanup if not _is_ours(one)]
    held = dict(zip(NEEDS, (drawn, plain)))
    shell.input_transformers_cleanup[:] = [*kept, _Skips(held)]


class _Skips:
    def __init__(self, held: dict[str, bool]) -> None:
        self.held = held
        self.skipped, self.again = -2, False  # the cell that was skipped last

    def __call__(self, lines: list[str]) -> list[str]:
        name = lines[0].strip() if lines else ""
        if name not in NEEDS:
            return lines
        if self.held[name]:
            return ["\n", *lines[1:]]  # an empty line keeps the numbers of the others
        # One line for a row of such cells, and none in place of their prose. A kernel
        # asks more than once about the same cell.
        count = getattr(get_ipython(), "execution_count", 0)
        if count != self.skipped:
            self.again, self.skipped = count == self.skipped + 1, count
        if self.again or (len(lines) > 1 and lines[1].startswith("say(")):
            return ["\n"]
        display = "__import__('IPython.display', fromlist=[''])"
        return [f"{display}.Markdown({NEEDS[name]!r})\n"]


def _is_ours(transform: object) -> bool:
    # By name, since a reloaded module has another class of the same name.
    return type(transform).__name__ == _Skips.__name__
