"""Checks an Azure subscription before Polysync is deployed to it.

The hooks of azd run with the Python of the user. So these modules, and the modules that they
import, need the standard library only.
"""
