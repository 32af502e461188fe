"""Simulates the HTTP APIs of execution platforms, for development and tests.

A simulator answers the HTTP API of its platform on the loopback interface. Nothing here is
deployed, and deployed code never imports from here.
"""
