"""Numbers as the report's sentences and tables print them, from the records of
results.json."""

from helpers.statistics import PERCENT, Estimate

# What the one-page answer and the last lines of a build show first, where the lessons
# recorded it.
HEADLINES = """id_test.dice ood_test.dice ood_wished.dice ood_wished.dice.view
id_test.alarm_at_1pct ood_test.alarm_at_0_1pct ood_test.alarm_at_1pct
ood_wished.alarm_at_1pct ood_wished.false_area.view ood_wished.false_area.surround
domain_gap.energy domain_gap.energy.share_below""".split()


def number(result: dict) -> str:
    """The value with its unit, one decimal for percent, three below 0.1, else two; or
    "undefined"."""
    value, unit = result["value"], result["unit"]
    if value is None:
        return "undefined"
    if unit in PERCENT:
        return f"{value:.1f} %"
    form = ".2f" if abs(value) >= 0.1 else ".1g" if 0 < abs(value) < 0.0005 else ".3f"
    return f"{value:{form}} {unit}".strip()


def percent(result: dict) -> dict:
    """A rate's record in percent, which reads better in a sentence; one that has a unit
    stays as it is."""
    ends = ("value", "low", "high")  # None where there is none
    said = {end: result[end] and 100 * result[end] for end in ends}
    return result if result["unit"] else {**result, **said, "unit": "percent"}


def estimate(result: dict) -> Estimate:
    """The record as what it was, which says its range and what is behind it."""
    return Estimate(**result, of="subject")


def time(seconds: float) -> str:
    """ "8 s", "3 min 05 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def memory(most: int | None) -> str:
    """ "1.6 GB", a dash where nobody measured."""
    return "–" if most is None else f"{most / 1e9:.1f} GB"
