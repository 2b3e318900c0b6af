"""The published study that lesson 05 re-examines: its tables, every figure that they hold, and what they support."""

from helpers.published.evidence import Evidence, evidence, recorded
from helpers.published.fetch import fetch
from helpers.published.files import FILES, Tables, read

__all__ = ["FILES", "Evidence", "Tables", "evidence", "fetch", "read", "recorded"]
