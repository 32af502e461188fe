"""Simulates the items and jobs of a Microsoft Fabric workspace."""
