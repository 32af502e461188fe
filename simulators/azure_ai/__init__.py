"""Simulates Azure OpenAI models and Azure AI Foundry projects.

It serves the parts of their APIs that Polysync uses: chat completions, embeddings, batches, agents,
evaluations and the lists of deployments.
"""
