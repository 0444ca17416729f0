"""Data sources: the query builder, and what `was.db` reaches.

`query`, `conditions`, `expressions` and `sqlmaps` build statements, `writer` and `values` bind their values.
`sources` finds the backend of an alias: `sqlite`, `postgres`, `databases`, `redis`, `mongo`, or `interfaces`
for an app's own. `stub` is what `was.db` gives, `cursor` what `was.transaction` and `was.cursor` give.
"""
