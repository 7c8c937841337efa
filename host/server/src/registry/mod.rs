//! What may run: templates (admit, schema, grants) and jobs (create, change, validate).
