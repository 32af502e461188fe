"""Computes the effects of planned definition changes, such as moved fire times."""
