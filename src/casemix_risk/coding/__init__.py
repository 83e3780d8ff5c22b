"""How coding moves money: what depth does to prices, who drifts, and trends on constant definitions."""
