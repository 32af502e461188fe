"""Computes fire times, and decides which fire times create runs."""
