"""From a price list in one or more editions to the price of every cost line."""
