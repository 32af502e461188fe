# Databricks notebook source
# MAGIC %md
# MAGIC # Aggregate the revenue
# MAGIC `gold/sales.csv` → `gold/revenue_by_month.csv` (by month and country, with the median order)
# MAGIC and `gold/revenue_by_product.csv`.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

import statistics
from collections import defaultdict

dbutils.widgets.text("minimum_orders", "1", "Smaller groups are left out")
dbutils.widgets.text("pace_seconds", "1.0", "Duration of reading in seconds")

minimum_orders = int(dbutils.widgets.get("minimum_orders"))
pace = float(dbutils.widgets.get("pace_seconds"))

# COMMAND ----------

by_month, by_product, pieces = defaultdict(list), defaultdict(list), defaultdict(int)
for sale in at_pace(read_rows(LAKE / "gold" / "sales.csv"), pace):
    revenue = int(sale["revenue_cents"])
    by_month[sale["month"], sale["country"]].append(revenue)
    by_product[sale["product"]].append(revenue)
    pieces[sale["product"]] += int(sale["quantity"])

# COMMAND ----------

months = [
    {
        "month": month,
        "country": country,
        "orders": len(orders),
        "revenue_cents": sum(orders),
        "median_order_cents": round(statistics.median(orders)),
    }
    for (month, country), orders in sorted(by_month.items())
    if len(orders) >= minimum_orders
]
products = [
    {"product": product, "orders": len(orders), "pieces": pieces[product], "revenue_cents": sum(orders)}
    for product, orders in sorted(by_product.items(), key=lambda item: (-sum(item[1]), item[0]))
    if len(orders) >= minimum_orders
]

# COMMAND ----------

gold = LAKE / "gold"
columns = ["month", "country", "orders", "revenue_cents", "median_order_cents"]
write_rows(gold / "revenue_by_month.csv", columns, months)
write_rows(gold / "revenue_by_product.csv", ["product", "orders", "pieces", "revenue_cents"], products)
total = sum(row["revenue_cents"] for row in months)
print(f"{len(months)} months and countries, {len(products)} products, {total / 100:,.2f} in total")
dbutils.notebook.exit(
    json.dumps({"groups": len(months), "products": len(products), "revenue_cents": total})
)
