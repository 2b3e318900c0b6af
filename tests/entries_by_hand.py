"""An entry of the store that is made of nothing, for tests and for processes that they start."""

from pathlib import Path

from helpers import store


def six(name: str = "six", size: int = 1000, made: list | None = None, **more) -> Path:
    """An entry of so many bytes; `made` notes that it was made."""

    def write(draft: Path) -> None:
        (draft / "inside").mkdir()
        (draft / "inside" / "x").write_bytes(bytes(size))
        if made is not None:
            made.append(name)

    return store.entry("sixes", {"name": name}, write, **more)
