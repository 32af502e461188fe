"""Stores CLI contexts (named Polysync apps), and signs the user in to them."""
