"""Defines deadlines: when a Task's runs must have started or finished, and how they are judged."""
