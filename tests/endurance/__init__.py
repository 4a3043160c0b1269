"""Endurance tests: hundreds of kills, and dozens of visitors for minutes.

`python -m tests.endurance.kills` kills the store, `….ends` ends the app, `….soak` runs visitors. Each takes a seed and
prints its counts.
"""
