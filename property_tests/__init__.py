"""Hypothesis strategies, and the tests written as laws."""
