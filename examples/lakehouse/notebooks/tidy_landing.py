# Databricks notebook source
# MAGIC %md
# MAGIC # Tidy the landing
# MAGIC Removes delivered files that are older than `keep_days` from `landing`, and returns their number.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

dbutils.widgets.text("keep_days", "7", "Days for which delivered files are kept")

oldest = time.time() - int(dbutils.widgets.get("keep_days")) * 86_400

# COMMAND ----------

delivered = [path for path in (LAKE / "landing").glob("*") if path.is_file()]
removed = [path for path in delivered if path.stat().st_mtime < oldest]
for path in removed:
    path.unlink(missing_ok=True)
print(f"{len(removed)} of {len(delivered)} files removed")

# COMMAND ----------

dbutils.notebook.exit(json.dumps({"removed_files": len(removed)}))
