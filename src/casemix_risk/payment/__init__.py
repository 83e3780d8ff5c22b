"""Payment beyond a flat price: short stays, long stays, where, and a part that is fixed."""
