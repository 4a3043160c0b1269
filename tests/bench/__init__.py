"""Benchmarks of a running app. They print figures and fail only if they cannot measure.

`python -m tests.bench` lists them.
"""
