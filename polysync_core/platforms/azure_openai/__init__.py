"""Runs chat completions, embeddings and batches of Azure OpenAI.

The platform of Foundry projects shares the client and the readers of answers.
"""
