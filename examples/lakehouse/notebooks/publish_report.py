# Databricks notebook source
# MAGIC %md
# MAGIC # Publish the report
# MAGIC `gold` → `reports/revenue.txt` for people, `reports/revenue.json` for programs and
# MAGIC `reports/revenue.csv` for spreadsheets: revenue by month and country, the top products, and the
# MAGIC total in euros.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

from collections import defaultdict

dbutils.widgets.text("run_date", "2026-01-01", "Date on the report")
dbutils.widgets.text("top", "5", "Number of products in the report")
dbutils.widgets.text("eur_rate", "0.9", "Euros per dollar")
dbutils.widgets.text("pace_seconds", "1.0", "Duration of reading in seconds")

run_date = dbutils.widgets.get("run_date")
top = int(dbutils.widgets.get("top"))
eur_rate = float(dbutils.widgets.get("eur_rate"))
pace = float(dbutils.widgets.get("pace_seconds"))

# COMMAND ----------

revenue = defaultdict(dict)
for row in at_pace(read_rows(LAKE / "gold" / "revenue_by_month.csv"), pace):
    revenue[row["month"]][row["country"]] = int(row["revenue_cents"])
best = read_rows(LAKE / "gold" / "revenue_by_product.csv")[:top]
countries = sorted({country for months in revenue.values() for country in months})
total = sum(sum(months.values()) for months in revenue.values())

# COMMAND ----------

def money(cents):
    return f"{cents / 100:,.0f}"


width = 11
lines = [f"Revenue by month and country, {run_date}", ""]
lines.append("month   " + "".join(f"{name:>{width}}" for name in [*countries, "all"]))
for month, amounts in sorted(revenue.items()):
    cells = [amounts.get(country, 0) for country in countries]
    lines.append(f"{month} " + "".join(f"{money(cell):>{width}}" for cell in [*cells, sum(cells)]))
sums = [sum(months.get(country, 0) for months in revenue.values()) for country in countries]
lines.append("all     " + "".join(f"{money(cell):>{width}}" for cell in [*sums, total]))
lines += ["", f"Top {len(best)} products"]
for rank, row in enumerate(best, start=1):
    lines.append(f"{rank}. {row['product']:<16} {money(int(row['revenue_cents'])):>{width}}")
lines += ["", f"In euros, {eur_rate} per dollar: {money(total * eur_rate)}"]
report = "\n".join(lines) + "\n"
print(report)

# COMMAND ----------

reports = LAKE / "reports"
rows = [
    {"month": month, "country": country, "revenue_cents": cents}
    for month, amounts in sorted(revenue.items())
    for country, cents in sorted(amounts.items())
]
written = write_rows(reports / "revenue.csv", ["month", "country", "revenue_cents"], rows)
content = {"run_date": run_date, "total_cents": total, "revenue": revenue, "top_products": best}
write_text(reports / "revenue.json", json.dumps(content, indent=2, sort_keys=True) + "\n")
write_text(reports / "revenue.txt", report)

# COMMAND ----------

dbutils.notebook.exit(
    json.dumps({"rows": written, "total_cents": total, "report": "reports/revenue.txt"})
)
