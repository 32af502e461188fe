# Databricks notebook source
# MAGIC %md
# MAGIC # Lake
# MAGIC What the notebooks of this lakehouse share. They include it by `%run ./common/lake`.
# MAGIC
# MAGIC | Folder | Holds |
# MAGIC |---|---|
# MAGIC | `landing` | files as the source systems deliver them, dirt included |
# MAGIC | `bronze` | the same rows, readable, each with where it came from |
# MAGIC | `silver` | rows that are right: one an order, typed, in one spelling |
# MAGIC | `gold` | sales and what they add up to |
# MAGIC | `reports` | what people read |

# COMMAND ----------

import csv
import json
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

LAKE = Path(os.environ["LAKEHOUSE_ROOT"])

# COMMAND ----------

@contextmanager
def replacing(path):
    """Give a temporary path whose file takes the place of `path` only if all went well.

    A run that is cancelled or tried again therefore never leaves half a file behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_text(path, text):
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_rows(path, columns, rows):
    """Write dictionaries as CSV and return how many there were."""
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def at_pace(rows, seconds):
    """Yield the rows spread over `seconds`: remote storage is not read in no time either."""
    batch = max(1, len(rows) // 20)
    for index, row in enumerate(rows):
        if index % batch == 0:
            time.sleep(seconds / max(1, len(rows) / batch))
        yield row
