"""A stand-in for one Azure function app: its functions, Durable Functions' HTTP API, and the part
of Azure Resource Manager that tells of them.
"""
