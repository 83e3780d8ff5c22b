"""What changed between two tariff editions or runs, and why: the budget's account and that of its risk."""
