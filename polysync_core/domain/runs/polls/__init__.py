"""Plans the times at which an attempt's platform is asked for the status."""
