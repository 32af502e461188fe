"""Azure AI Foundry: runs jobs of an Azure Machine Learning workspace."""
