# Databricks notebook source
# MAGIC %md
# MAGIC # Land the sources
# MAGIC Simulates the source systems: writes a year of orders up to `run_date`, the customers and the
# MAGIC products into `landing`, including some wrong rows. The same values give the same files, byte by
# MAGIC byte.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

import random
from datetime import date, timedelta

dbutils.widgets.text("run_date", "2026-01-01", "The first day after the delivered orders")
dbutils.widgets.text("orders", "5000", "Number of orders")
dbutils.widgets.text("seed", "7", "Seed of the random data")
dbutils.widgets.text("pace_seconds", "1.0", "Duration of the transfer in seconds")

run_date = date.fromisoformat(dbutils.widgets.get("run_date"))
order_count = int(dbutils.widgets.get("orders"))
pace = float(dbutils.widgets.get("pace_seconds"))
dice = random.Random(int(dbutils.widgets.get("seed")))

# COMMAND ----------

COUNTRIES = {"AU": "Australia", "DE": "Germany", "FR": "France", "JP": "Japan", "US": "United States"}
SPELLINGS = {"AU": ["AU", "au", "Australia"], "US": ["US", "usa", " US "], "DE": ["DE", "Germany"]}
KINDS = ["Kettle", "Lamp", "Chair", "Desk", "Shelf", "Clock", "Rug", "Mirror"]
FINISHES = ["oak", "steel", "linen", "glass", "slate"]

products = [
    {"product_id": f"P{n:03}", "name": f"{kind}, {finish}", "price_cents": dice.randrange(900, 45000)}
    for n, (kind, finish) in enumerate((k, f) for k in KINDS for f in FINISHES)
]

customers = []
for number in range(400):
    country = dice.choices(list(COUNTRIES), weights=[3, 3, 2, 2, 4])[0]
    spelling = dice.choice(SPELLINGS.get(country, [country]))
    customers.append({"customer_id": f"C{number:04}", "country": spelling, "since": 2015 + number % 10})

# COMMAND ----------

def new_order(number):
    day = run_date - timedelta(days=dice.randrange(1, 366))
    return {
        "order_id": f"O{number:06}",
        "order_date": day.isoformat() if dice.random() > 0.05 else day.strftime("%d/%m/%Y"),
        "customer_id": dice.choice(customers)["customer_id"],
        "product_id": dice.choices(products, weights=range(len(products), 0, -1))[0]["product_id"],
        "quantity": str(dice.choices([1, 2, 3, 5, 10], weights=[50, 25, 12, 8, 5])[0]),
    }


def spoil(order):
    """Return the order with one wrong value."""
    field, value = dice.choice(
        [
            ("quantity", "-1"),
            ("quantity", "many"),
            ("quantity", "100000"),
            ("order_date", "2025-02-30"),
            ("customer_id", "C9999"),
            ("product_id", ""),
        ]
    )
    return {**order, field: value}


orders = []
for number in range(order_count):
    order = new_order(number)
    orders.append(spoil(order) if dice.random() < 0.03 else order)
    if dice.random() < 0.02:
        orders.append(order)

# COMMAND ----------

landing = LAKE / "landing"
columns = ["order_id", "order_date", "customer_id", "product_id", "quantity"]
delivered = write_rows(landing / "orders.csv", columns, at_pace(orders, pace))
write_rows(landing / "customers.csv", ["customer_id", "country", "since"], customers)
write_text(landing / "products.json", json.dumps(products, indent=1))

# COMMAND ----------

result = {
    "delivered_rows": delivered,
    "customers": len(customers),
    "products": len(products),
}
print(result)
dbutils.notebook.exit(json.dumps(result))
