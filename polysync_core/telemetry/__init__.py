"""What leaves the app for those who watch it: traces, metrics, and the names in them."""
