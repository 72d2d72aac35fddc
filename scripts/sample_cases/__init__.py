"""The model behind the sample cases: a pool, its clock, and what the tools print of it."""
