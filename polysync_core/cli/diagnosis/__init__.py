"""Checks the data file, API, sign-in, vaults and platforms for `polysync doctor`."""
