# Databricks notebook source
# MAGIC %md
# MAGIC # Clean the orders
# MAGIC `bronze/orders.csv` → `silver/orders.csv` with one row for each order, and
# MAGIC `silver/orders_rejected.csv` with every rejected row and the reason. If too many rows are
# MAGIC rejected, the run fails, because then the whole delivery is wrong.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

from collections import Counter
from datetime import datetime

dbutils.widgets.text("max_quantity", "100", "Larger quantities are rejected")
dbutils.widgets.text("max_rejected_share", "0.10", "A larger share of rejected rows fails the run")
dbutils.widgets.text("pace_seconds", "1.5", "Duration of reading in seconds")

max_quantity = int(dbutils.widgets.get("max_quantity"))
max_rejected_share = float(dbutils.widgets.get("max_rejected_share"))
pace = float(dbutils.widgets.get("pace_seconds"))

# COMMAND ----------

def parse_date(text):
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def rejection(row, seen):
    """Return the reason to reject a row, or an empty text."""
    if row["order_id"] in seen:
        return "duplicate"
    if parse_date(row["order_date"]) is None:
        return "invalid date"
    if not row["customer_id"] or not row["product_id"]:
        return "incomplete"
    if not row["quantity"].isdigit():
        return "quantity is not a number"
    return "quantity too large" if int(row["quantity"]) > max_quantity else ""

# COMMAND ----------

clean, rejected, seen = [], [], set()
for row in at_pace(read_rows(LAKE / "bronze" / "orders.csv"), pace):
    reason = rejection(row, seen)
    if reason:
        rejected.append({**row, "reason": reason})
        continue
    seen.add(row["order_id"])
    clean.append({**row, "order_date": parse_date(row["order_date"]).isoformat()})

share = len(rejected) / max(1, len(clean) + len(rejected))
reasons = dict(sorted(Counter(row["reason"] for row in rejected).items()))
print(f"{len(clean)} rows are clean, {len(rejected)} rejected ({share:.1%}): {reasons}")

# COMMAND ----------

columns = ["order_id", "order_date", "customer_id", "product_id", "quantity", "source_line", "ingested_on"]
write_rows(LAKE / "silver" / "orders_rejected.csv", [*columns, "reason"], rejected)
if share > max_rejected_share:
    raise ValueError(f"{share:.1%} of the rows were rejected; at most {max_rejected_share:.1%} are allowed.")
write_rows(LAKE / "silver" / "orders.csv", columns, clean)

# COMMAND ----------

dbutils.notebook.exit(
    json.dumps({"rows_clean": len(clean), "rows_rejected": len(rejected), "reasons": reasons})
)
