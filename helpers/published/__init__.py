"""The published study that lesson 05 re-examines: its tables, fetched and checked,
and what they gave when recorded."""

from helpers.published.files import FILES, Tables, fetch, read
from helpers.published.study import Study, recorded, study

__all__ = ["FILES", "Study", "Tables", "fetch", "read", "recorded", "study"]
