"""Simulates one Azure Databricks workspace, on the loopback interface only.

`python -m simulators.databricks --port 8787 --data DIR` answers the Jobs 2.1/2.2 and Workspace 2.0
APIs as the real service does. It executes the notebooks: each in its own process, with `dbutils`,
and with a folder as the lakehouse storage. `simulators/databricks/README.md` lists the supported
calls, the intended differences, and the control API for tests.
"""
