"""From an OpenAPI document to a package, in steps; no module imports one that comes after it.

`document` reads. `tidy` and `flat` say in one form what a schema says, `names` finds names in
Python, `shapes` are the types, and `reader` goes from schemas to them and to `models`. `operations`
goes to calls, with `media` and `security` for what goes over the wire; `tags` tells the members of
unions apart; `extensions` adds waits and the ways through pages, and `sdk` what else templates see
(`model` and `operation` are most of it). `package` takes these steps, and `render` fills the
templates in.
"""
