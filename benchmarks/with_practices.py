"""The comparison of practices on synthetic counts of a nation, and what each step took."""
