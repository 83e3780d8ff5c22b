"""casemix-risk: from hospital episodes and a price list to the financial risk of a population's budget."""
