"""How many years a projection needs, and its test; apart, so that the workflow need not load the methods."""

FEWEST_BASE_YEARS = 2
FEWEST_YEARS = FEWEST_BASE_YEARS + 1
