# Databricks notebook source
# MAGIC %md
# MAGIC # Join the sales
# MAGIC `silver/orders.csv` with the customers and products of `silver/master.sqlite` →
# MAGIC `gold/sales.csv`. Orders of unknown customers or products are counted and left out.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

import sqlite3

dbutils.widgets.dropdown("country", "ALL", ["ALL", "AU", "DE", "FR", "JP", "US"], "Country")
dbutils.widgets.text("pace_seconds", "1.5", "Duration of reading in seconds")

wanted = dbutils.widgets.get("country")
pace = float(dbutils.widgets.get("pace_seconds"))

# COMMAND ----------

database = sqlite3.connect(f"file:{LAKE / 'silver' / 'master.sqlite'}?mode=ro", uri=True)
country_of = dict(database.execute("SELECT customer_id, country FROM customers"))
product_of = {
    product_id: (name, price)
    for product_id, name, price in database.execute("SELECT product_id, name, price_cents FROM products")
}
database.close()

# COMMAND ----------

sales, orphans, elsewhere = [], 0, 0
for order in at_pace(read_rows(LAKE / "silver" / "orders.csv"), pace):
    country = country_of.get(order["customer_id"])
    product = product_of.get(order["product_id"])
    if country is None or product is None:
        orphans += 1
    elif wanted not in ("ALL", country):
        elsewhere += 1
    else:
        name, price = product
        sales.append(
            {
                "order_id": order["order_id"],
                "month": order["order_date"][:7],
                "country": country,
                "product": name,
                "quantity": order["quantity"],
                "revenue_cents": int(order["quantity"]) * price,
            }
        )

# COMMAND ----------

columns = ["order_id", "month", "country", "product", "quantity", "revenue_cents"]
joined = write_rows(LAKE / "gold" / "sales.csv", columns, sales)
result = {"rows_joined": joined, "rows_orphaned": orphans, "rows_elsewhere": elsewhere}
print(result)
dbutils.notebook.exit(json.dumps(result))
