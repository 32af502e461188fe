"""Implements the command-line interface `polysync`, a client of the HTTP API.

It imports light modules of the domain (statuses, JSON types, YAML documents) and no other part of
the product, so that it can be installed alone.
"""
