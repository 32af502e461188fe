"""Simulates one Azure Machine Learning workspace on the loopback interface.

`python -m simulators.ai_foundry --port 9787 --data DIR` answers the Jobs API of Azure Resource
Manager as the real service does. Pipeline, command and sweep jobs run for some seconds, and their
outputs are computed from their inputs. `simulators/ai_foundry/README.md` lists the supported
calls and the intended differences.
"""
