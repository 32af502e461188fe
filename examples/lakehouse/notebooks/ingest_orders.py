# Databricks notebook source
# MAGIC %md
# MAGIC # Ingest the orders
# MAGIC `landing/orders.csv` → `bronze/orders.csv`, every row with its line in the file and the date
# MAGIC of the run. This notebook does not check single rows. It refuses a file with other columns than
# MAGIC agreed, or with another number of rows than announced.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

dbutils.widgets.text("run_date", "2026-01-01", "Date of the run")
dbutils.widgets.text("minimum_rows", "1000", "A delivery with fewer rows fails the run")
dbutils.widgets.text("delivered_rows", "0", "Number of delivered rows; 0 = unknown")
dbutils.widgets.text("pace_seconds", "1.5", "Duration of reading in seconds")

run_date = dbutils.widgets.get("run_date")
minimum_rows = int(dbutils.widgets.get("minimum_rows"))
delivered_rows = int(dbutils.widgets.get("delivered_rows"))
pace = float(dbutils.widgets.get("pace_seconds"))

# COMMAND ----------

AGREED = ["order_id", "order_date", "customer_id", "product_id", "quantity"]
delivered = read_rows(LAKE / "landing" / "orders.csv")
if len(delivered) < minimum_rows:
    raise ValueError(f"The delivery has {len(delivered)} rows; at least {minimum_rows} are expected.")
if delivered_rows and len(delivered) != delivered_rows:
    raise ValueError(f"The delivery has {len(delivered)} rows; {delivered_rows} were announced.")
if delivered and list(delivered[0]) != AGREED:
    raise ValueError(f"The delivery has the columns {list(delivered[0])}, but the agreed columns are {AGREED}.")

# COMMAND ----------

rows = (
    {**row, "source_line": line, "ingested_on": run_date}
    for line, row in enumerate(at_pace(delivered, pace), start=2)
)
columns = [*AGREED, "source_line", "ingested_on"]
ingested = write_rows(LAKE / "bronze" / "orders.csv", columns, rows)

# COMMAND ----------

print(f"{ingested} rows")
dbutils.notebook.exit(json.dumps({"rows_read": len(delivered), "rows_ingested": ingested}))
