"""From an OpenAPI document to a package, in steps; no module imports one that comes after it.

`document` reads, `flat` says what a schema says in one form, `names` finds names in Python,
`shapes` are the types, `reader` goes from schemas to types and classes, `operations` to calls,
`tags` tells the members of unions apart, `waits`, `paging` and `sdk` make what else templates see
(`model` and `operation` are all that they see), `package` takes these steps, and `render` fills
the templates in.
"""
