"""Names that peers, scenarios and sources have in common; apps import it, so it imports nothing."""

from __future__ import annotations

THIS = "atila_compat"
ORIGINAL = "atila"

SQLITE = "BENCHMARK_SQLITE"
POSTGRES = "BENCHMARK_POSTGRES"
UPSTREAM = "BENCHMARK_UPSTREAM"
"""Environment variables that tell peers where those are: a path, a URL, `host:port`."""
