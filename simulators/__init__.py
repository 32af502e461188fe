"""Stand-ins for the platforms, for one machine: they speak the platforms' own HTTP.

Nothing here is deployed, and nothing that is deployed may import from here.
"""
