"""From a year's extract to cleaned episodes, excluded rows and the waterfall between them."""
