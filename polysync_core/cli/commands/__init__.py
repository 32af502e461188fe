"""Implements the commands for definitions, runs and schedules, in one package each."""
