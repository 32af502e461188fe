"""Rules of arrivals: events that start runs, the match with Tasks, and their batches."""
