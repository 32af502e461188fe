# Databricks notebook source
# MAGIC %md
# MAGIC # Fetch the exchange rates
# MAGIC Simulates a partner's service that is sometimes busy: it refuses the first `refusals` calls. A Task
# MAGIC with a retry succeeds nevertheless. Writes `landing/rates.json`.

# COMMAND ----------

# MAGIC %run ./common/lake

# COMMAND ----------

dbutils.widgets.text("run_date", "2026-01-01", "Date of the rates")
dbutils.widgets.text("refusals", "1", "Number of refused calls before an answer")
dbutils.widgets.text("pace_seconds", "1.0", "Duration of a call in seconds")

run_date = dbutils.widgets.get("run_date")
refusals = int(dbutils.widgets.get("refusals"))
pace = float(dbutils.widgets.get("pace_seconds"))

# COMMAND ----------

calls = LAKE / "landing" / ".rates_calls"
calls.parent.mkdir(parents=True, exist_ok=True)
with calls.open("a", encoding="utf-8") as file:
    file.write(run_date + "\n")
number = len(calls.read_text(encoding="utf-8").splitlines())
time.sleep(pace)
if number <= refusals:
    raise RuntimeError(f"The rates service is busy (call {number}); try again.")
calls.unlink()

# COMMAND ----------

rates = {"USD": 1.0, "EUR": 0.92, "AUD": 1.53, "JPY": 155.2}
write_text(LAKE / "landing" / "rates.json", json.dumps({"date": run_date, "rates": rates}) + "\n")

# COMMAND ----------

print(f"Answered at call {number}.")
dbutils.notebook.exit(json.dumps({"calls": number, "eur_rate": rates["EUR"]}))
