# Databricks notebook source
# MAGIC %md
# MAGIC # Lake
# MAGIC Shared code of the notebooks of this lakehouse. They include it with `%run ./common/lake`.
# MAGIC
# MAGIC | Folder | Holds |
# MAGIC |---|---|
# MAGIC | `landing` | files of the source systems, including wrong rows |
# MAGIC | `bronze` | the same rows, each with its source line and date |
# MAGIC | `silver` | valid rows: one for each order, with one spelling of each country |
# MAGIC | `gold` | sales and their sums |
# MAGIC | `reports` | reports for people |

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
    """Yield a temporary path; its file replaces `path` only after success.

    So a cancelled or repeated run never leaves an incomplete file.
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
    """Write dictionaries as CSV and return their number."""
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
    """Yield the rows spread over `seconds`, as if they came from remote storage."""
    group = max(1, len(rows) // 20)
    for index, row in enumerate(rows):
        if index % group == 0:
            time.sleep(seconds / max(1, len(rows) / group))
        yield row
