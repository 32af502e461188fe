"""A stand-in for one Azure Machine Learning workspace, on the loopback interface only.

`python -m simulators.ai_foundry --port 9787 --data DIR` answers the Jobs API of Azure Resource
Manager as the real service does, and runs what it is given for some seconds: pipeline, command and
sweep jobs whose outputs are computed from their inputs. `simulators/ai_foundry/README.md` lists
what it answers and where it differs on purpose.
"""
