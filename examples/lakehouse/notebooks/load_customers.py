# Databricks notebook source
# MAGIC %md
# MAGIC # Load customers and products
# MAGIC `landing/customers.csv` and `landing/products.json` → `silver/master.sqlite`, with the
# MAGIC countries in one spelling. An unknown country becomes the `default_country`.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

import sqlite3

dbutils.widgets.dropdown("default_country", "XX", ["XX", "AU", "DE", "FR", "JP", "US"])
dbutils.widgets.text("pace_seconds", "1.0", "Duration of reading in seconds")

default_country = dbutils.widgets.get("default_country")
pace = float(dbutils.widgets.get("pace_seconds"))

# COMMAND ----------

KNOWN = {
    "au": "AU", "australia": "AU", "de": "DE", "germany": "DE", "fr": "FR", "france": "FR",
    "jp": "JP", "japan": "JP", "us": "US", "usa": "US", "united states": "US",
}

customers = [
    (row["customer_id"], KNOWN.get(row["country"].strip().lower(), default_country), int(row["since"]))
    for row in at_pace(read_rows(LAKE / "landing" / "customers.csv"), pace)
]
products = json.loads((LAKE / "landing" / "products.json").read_text(encoding="utf-8"))

# COMMAND ----------

with replacing(LAKE / "silver" / "master.sqlite") as temporary:
    database = sqlite3.connect(temporary)
    with database:
        database.execute("CREATE TABLE customers (customer_id TEXT PRIMARY KEY, country TEXT, since INT)")
        database.execute(
            "CREATE TABLE products (product_id TEXT PRIMARY KEY, name TEXT, price_cents INT)"
        )
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", customers)
        database.executemany("INSERT INTO products VALUES (:product_id, :name, :price_cents)", products)
    database.close()

# COMMAND ----------

countries = sorted({country for _, country, _ in customers})
result = {"customers": len(customers), "products": len(products), "countries": countries}
print(result)
dbutils.notebook.exit(json.dumps(result))
