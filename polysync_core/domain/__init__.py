"""Defines the values and rules of the product, without I/O."""
