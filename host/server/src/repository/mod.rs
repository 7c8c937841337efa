//! Documents as typed things: jobs, executions, templates, grants, audit. Written once, against `trait Database`.
