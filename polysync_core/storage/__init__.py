"""Table and Queue Storage."""
