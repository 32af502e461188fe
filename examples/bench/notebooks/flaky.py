# Databricks notebook source
# MAGIC %md
# MAGIC # Flaky
# MAGIC Fails the first `failures` runs that share a `key`, then succeeds: the state is a file in the
# MAGIC lake, so a retry can be watched. `how` says what a failure looks like.

# COMMAND ----------

import json
import os
import signal
import sys
import time
from pathlib import Path

dbutils.widgets.text("failures", "1", "How many runs fail")
dbutils.widgets.text("key", "flaky", "Runs with the same key count together")
dbutils.widgets.dropdown("how", "exception", ["exception", "exit", "kill"], "What a failure does")
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
    raise RuntimeError(f"Run {number} of {key} fails, as it was asked to.")

# COMMAND ----------

dbutils.notebook.exit(json.dumps({"run": number}))
