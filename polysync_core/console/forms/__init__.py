"""Builds HTML forms from pydantic models, and converts submitted forms to JSON documents.

```
model ──► fields ──► HTML            models.py, definitions.py; controls.py, rows.py
document ──► raw values ──► HTML     filling.py
form data ──► raw values ──► document      raw.py, reading.py
problems ──► fields                  problems.py
```

A *raw value* is the text of a control, or a list or an object of raw values. It has the shape of
the document, so `schedules[0].cron` is the path of a field in the document, in the raw values,
in the names of the controls, and in the problems of the API.

`console/editing` builds whole editor pages with these forms; its docstring shows how.
"""
