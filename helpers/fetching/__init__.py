"""Getting the real data sets: what they should hold, where they come from, and what
has arrived.

Nothing is fetched without being asked for; `python -m helpers.fetching` asks.
"""

from helpers.fetching.arriving import obtain
from helpers.fetching.cards import CHOLECSEG8K, HEMOSET, Card
from helpers.fetching.counting import differences
from helpers.fetching.origins import ORIGINS, Origin

__all__ = [
    "CHOLECSEG8K",
    "HEMOSET",
    "ORIGINS",
    "Card",
    "Origin",
    "differences",
    "obtain",
]
