"""Connects Polysync to execution platforms, with one package for each platform type."""
