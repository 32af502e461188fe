# Databricks notebook source
# MAGIC %md
# MAGIC # Nap
# MAGIC Sleeps for `seconds`. It simulates work on a remote cluster.

# COMMAND ----------

import json
import time

dbutils.widgets.text("seconds", "2.0", "Seconds to sleep")
seconds = float(dbutils.widgets.get("seconds"))

# COMMAND ----------

time.sleep(seconds)
dbutils.notebook.exit(json.dumps({"slept": seconds}))
