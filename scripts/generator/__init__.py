"""From an OpenAPI document to a package, in steps; no module imports one that comes after it.

`document` reads, `normalise` puts every schema into one form, `names` finds names in Python,
`shapes` are the types, `parse` has openapi-python-client's parser read the schemas, `models`,
`operations`, `waits` and `sdk` make what templates see, and `render` fills the templates in.
"""
