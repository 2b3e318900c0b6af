"""Numbers as the report's sentences and tables print them, from the records of
results.json."""

from helpers.statistics import PERCENT, Estimate

# What the one-page answer and the last lines of a build show first, where the lessons
# recorded it.
HEADLINES = """id_test.dice ood_test.dice ood_wished.dice ood_wished.dice.view
id_test.alarm_at_1pct ood_test.alarm_at_0_1pct ood_test.alarm_at_1pct
ood_wished.alarm_at_1pct ood_wished.false_area.view ood_wished.false_area.surround
domain_gap.energy domain_gap.energy.share_below""".split()


def number(result: dict, end: str = "value") -> str:
    """The value, or an end of its interval, with its unit: two decimals for a ratio,
    one for percent; "undefined" where there is none."""
    value, unit = result[end], result["unit"]
    if value is None:
        return "undefined"
    if unit in PERCENT:
        return f"{value:.1f} %"
    # A p-value, a learning rate or an epsilon would read 0.00.
    written = f"{value:.1g}" if 0 < abs(value) < 0.005 else f"{value:.2f}"
    return f"{written} {unit}".strip()


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


def span(result: dict) -> str:
    """The interval alone, as an Estimate says it: "0.71 to 0.93, a 90 % interval"."""
    return Estimate(**result).range


def interval(result: dict) -> str:
    """The interval and whom it is over."""
    return Estimate(**result, of="subject").interval


def behind(result: dict) -> str:
    """What stands behind a number: "3 subjects, 96 frames"."""
    return Estimate(**result, of="subject").behind


def time(seconds: float) -> str:
    """ "8 s", "3 min 05 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def memory(most: int | None) -> str:
    """ "1.6 GB", a dash where nobody measured."""
    return "–" if most is None else f"{most / 1e9:.1f} GB"
