"""Numbers as the report's sentences and tables print them, from the records of
results.json."""

from helpers.estimate import PERCENT, TOO_WIDE

# What the one-page answer and the last lines of a build show first, where the lessons
# recorded it.
HEADLINES = (
    "id_test.dice",
    "ood_test.dice",
    "ood_wished.dice",
    "ood_wished.dice.view",
    "id_test.alarm_at_1pct",
    "ood_test.alarm_at_0_1pct",
    "ood_test.alarm_at_1pct",
    "ood_wished.alarm_at_1pct",
    "ood_wished.false_area.view",
    "ood_wished.false_area.surround",
    "domain_gap.energy",
    "domain_gap.energy.share_below",
)


def number(result: dict) -> str:
    """The value with its unit: two decimals for a ratio, one for percent; "undefined"
    where there is none."""
    return _written(result["value"], result["unit"])


def percent(result: dict) -> dict:
    """A rate's record in percent, which reads better in a sentence; one that has a unit
    stays as it is."""
    if result["unit"]:
        return result
    ends = {
        end: None if result[end] is None else 100 * result[end]
        for end in ("value", "low", "high")
    }
    return {**result, **ends, "unit": "percent"}


def interval(result: dict) -> str:
    """ "0.71 to 0.93 (90 % interval)", or an honest word: "no interval: 1 subject"."""
    if result["low"] is None or result["high"] is None:
        if TOO_WIDE in result.get("note", ""):
            return f"an interval {TOO_WIDE}"
        return "no interval: 1 subject" if result["n_subjects"] == 1 else "no interval"
    low, high = (_written(result[end], result["unit"]) for end in ("low", "high"))
    level = "" if result["level"] is None else f"{100 * result['level']:.0f} % "
    return f"{low} to {high} ({level}interval)"


def behind(result: dict) -> str:
    """What stands behind a number: "3 subjects, 96 frames"."""
    parts = [
        count(result[name], word)
        for name, word in (("n_subjects", "subject"), ("n_frames", "frame"))
        if result[name] is not None
    ]
    return ", ".join(parts)


def count(n: int, word: str) -> str:
    """ "1 subject", "1,234 frames"."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def time(seconds: float) -> str:
    """ "8 s", "3 min 05 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def memory(most: int | None) -> str:
    """ "1.6 GB", a dash where nobody measured."""
    return "–" if most is None else f"{most / 1e9:.1f} GB"


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return "undefined"
    if unit in PERCENT:
        return f"{value:.1f} %"
    # A p-value, a learning rate or an epsilon would read 0.00.
    written = f"{value:.1g}" if 0 < abs(value) < 0.005 else f"{value:.2f}"
    return written + (f" {unit}" if unit else "")
