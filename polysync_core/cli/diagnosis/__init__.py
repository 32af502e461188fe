"""Checks the parts that Polysync depends on, for `polysync doctor`."""
