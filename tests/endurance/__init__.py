"""What holds for long: kills by the hundred, and visitors by the dozen for minutes.

`python -m tests.endurance.kills` (of the store), `….ends` (of the app) and `….soak`; each takes a seed, and prints what
it counted.
"""
