"""Tier 3: hundreds of kills, dozens of visitors for ten minutes, each file alone, random orders, all Pythons.

`python -m tests.endurance` runs all of it, which takes about two hours; `….kills`, `….ends`, `….soak`, `….alone`,
`….orders` and `….pythons` one part each.
"""
