"""Azure AI Foundry: runs the jobs of an Azure Machine Learning workspace, through its REST API."""
