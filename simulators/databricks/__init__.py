"""A stand-in for one Azure Databricks workspace, on the loopback interface only.

`python -m simulators.databricks --port 8787 --data DIR` answers the Jobs 2.1/2.2 and Workspace 2.0
APIs as the real service does, and really runs the notebooks: a process each, with `dbutils`, in a
folder that plays the lakehouse storage. `simulators/databricks/README.md` lists what it answers,
where it differs on purpose, and the control API for tests.
"""
