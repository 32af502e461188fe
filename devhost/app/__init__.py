"""Loads the functions of the app and calls them."""
