"""Shows the progress of runs in the terminal until they end."""
