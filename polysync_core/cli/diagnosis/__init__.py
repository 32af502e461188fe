"""Checks the data file, API, vaults and platforms for `polysync doctor`."""
