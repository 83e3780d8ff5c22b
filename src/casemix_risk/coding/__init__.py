"""What coding does to HRGs and to money, and who begins to code differently."""
