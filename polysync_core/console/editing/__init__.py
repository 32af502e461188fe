"""Serves the HTML pages that create, edit and delete definitions, with plan and conflict check.

An editor is an `Editor` (editor.py): the kind of definition, its tabs and its own buttons.
`editor_routes(editor)` (routes.py) serves all of its pages:

| Request | Answer |
|---|---|
| `GET /<section>/-/new` | the empty form; `?copy=<name>` fills it from another definition |
| `GET /<section>/{name}` | the form with the stored values; read-only for readers and operators |
| `POST` to either | the button `do` decides, see below |
| `GET`, `POST /<section>/{name}/delete` | names the referrers, then deletes |

| `do` | Effect |
|---|---|
| `review` | checks the form and shows the plan; 422 shows the form with its problems |
| `save` | on the plan: saves with the ETag and the token of the plan, then 303 to the definition |
| `edit` | on the plan: back to the form |
| `refresh` | shows the form again, with the fields of the chosen type |
| `add:<path>`, `remove:<path>` | shows the form with one row more or less |
| `secret:<path>` | tests whether the secret reference of the field can be read |
| `merge` | on the conflict: shows the merged form |
| others | `Editor.actions[<the word before the colon>]` |

A page with an editor of its own:

```python
WEBHOOKS = Editor(
    kind=Kind.WEBHOOK,
    section="webhooks",
    tabs=(
        EditorTab("general", "General", ("name", "displayName", "url", "secret", "enabled")),
        EditorTab("events", "Events", ("events",), content=lambda page: [...]),
    ),
    buttons=lambda page: h.button(do_button(page.view, "test"))["Send a test event"],
    actions={"test": send_test_event},
)
router = editor_routes(WEBHOOKS)
```

`fields` of a tab are the top-level fields of the definition that the tab shows; its count of wrong
fields comes from them. `content` replaces the default drawing. Inside it, `form_fields(view,
"priority", "weight")` draws fields as usual, `form_field(view, field, path)` draws one field, and
`bare_control(view, field, path, label=...)` draws a control alone for tables of your own. All
controls of the form have names that are paths of the document, such as `schedules[0].cron`; more
hidden inputs may begin with `~`, and are not part of the document. `do_button` makes a button
that changes the draft. A route in `roles.py` is needed for each address above.
"""
