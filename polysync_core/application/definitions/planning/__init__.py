"""Plans changes of definitions without a write."""
