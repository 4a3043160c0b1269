"""What holds for long: kills by the hundred, and visitors by the dozen for minutes.

`python -m tests.endurance.kills` and `python -m tests.endurance.soak`; both take a seed, and print what they counted.
"""
