"""Checks a subscription of Azure before the deployment of an environment.

The hooks of azd run with the Python of the user. So these modules, and the modules that they
import, need the standard library only.
"""
