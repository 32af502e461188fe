"""Runs notebooks, pipelines, dataflows and Spark jobs of a Microsoft Fabric workspace."""
