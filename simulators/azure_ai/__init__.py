"""Simulates the models of Azure OpenAI and the projects of Foundry.

It serves the parts of their APIs that Polysync uses: chat completions, embeddings, batches, agents,
evaluations and the lists of deployments.
"""
