# Databricks notebook source
# MAGIC %md
# MAGIC # Flaky
# MAGIC Fails the first `failures` runs with the same `key`, then succeeds. A file in the lake holds the
# MAGIC count, so a retry succeeds. `how` is the kind of the failure.

# COMMAND ----------

import json
import os
import signal
import sys
import time
from pathlib import Path

dbutils.widgets.text("failures", "1", "Number of failing runs")
dbutils.widgets.text("key", "flaky", "Runs with the same key share one count")
dbutils.widgets.dropdown("how", "exception", ["exception", "exit", "kill"], "Kind of the failure")
dbutils.widgets.text("seconds", "0.2", "Seconds to work before the end")

failures = int(dbutils.widgets.get("failures"))
key = dbutils.widgets.get("key")
how = dbutils.widgets.get("how")
if not key.replace("-", "").isalnum():
    raise ValueError("key must be letters, digits and '-'.")

# COMMAND ----------

counter = Path(os.environ["LAKEHOUSE_ROOT"]) / "flaky" / f"{key}.txt"
counter.parent.mkdir(parents=True, exist_ok=True)
with counter.open("a", encoding="utf-8") as file:
    file.write("run\n")
number = len(counter.read_text(encoding="utf-8").splitlines())
time.sleep(float(dbutils.widgets.get("seconds")))

# COMMAND ----------

if number <= failures:
    print(f"Run {number} of {key} fails by {how}.")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        sys.exit(1)
    raise RuntimeError(f"Run {number} of {key} fails on request.")

# COMMAND ----------

dbutils.notebook.exit(json.dumps({"run": number}))
