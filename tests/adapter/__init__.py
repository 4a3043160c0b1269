"""Makes the data of the demo model's adapter, trains it and scores it."""
