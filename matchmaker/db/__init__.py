"""Rows: the engine, the one place that commits, column types."""

from matchmaker.db import naming as naming  # names must be fixed before the first table is declared
