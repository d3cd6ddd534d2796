"""Finite differences hold a pullback against the slopes of its own forward."""

from comparators.finite_differences.comparator import FiniteDifferences
from comparators.finite_differences.findings import Differences, Estimate, Finding

__all__ = ["Differences", "Estimate", "Finding", "FiniteDifferences"]
