"""The template `field_digest`: how often each value of a field occurs, as a text file for people.

What the host offers is imported from `wit_world.imports`. A function that fails there raises `Err`, whose `value` is
the contract's `error`. What is printed goes to the log of the run.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import definition, job
from wit_world.imports import execution
from wit_world.imports import sandglass_documents_read as documents
from wit_world.imports import sandglass_files_read as folders
from wit_world.imports import sandglass_files_write as files
from wit_world.imports.types import Error, ErrorKind

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "collection": {"type": "string", "title": "Collection", "minLength": 1, "examples": ["orders"]},
        "field": {"type": "string", "title": "Field", "minLength": 1, "examples": ["status"]},
        "top": {"type": "integer", "title": "Lines", "minimum": 1, "maximum": 1000, "default": 20},
        "file_name": {"type": "string", "title": "File", "minLength": 1, "default": "digest.txt"},
    },
    "required": ["collection", "field"],
    "additionalProperties": False,
}


def need(capability, target, access, reason):
    return definition.Need(capability, target, access, reason, optional=False, extra=None)


class Definition(exports.Definition):
    def describe(self):
        return definition.Metadata(
            name="field_digest",
            version="1.0.0",
            title="Field digest",
            description="Says how often each value of a field occurs, in a text file.",
            icon="🐍",
            category="Examples",
            tags=["report", "text", "python"],
            needs=[
                need("documents", "param:/collection", "read", "To count the values."),
                need("files", "exports", "write", "To store the digest."),
            ],
            on_lost=definition.OnLost.RETRY,
            dry_run=None,
            extra=None,
        )

    def schema(self):
        return json.dumps(SCHEMA)

    def validate(self, parameters):
        field = json.loads(parameters)["field"]
        if field.startswith("$"):
            raise Err([definition.Problem("/field", f"{field!r} is an operator; name a field, such as 'status'.")])


class Job(exports.Job):
    def execute(self, parameters):
        given = json.loads(parameters)
        try:
            return digest(given["collection"], given["field"], given.get("top", 20), given.get("file_name", "digest.txt"))
        except Err as refused:
            if not isinstance(refused.value, Error):
                raise
            raise Err(failure(refused.value)) from None


def digest(collection, field, top, file_name):
    groups = read_all(collection, [
        {"$group": {"_id": f"${field}", "documents": {"$sum": 1}}},
        {"$sort": {"documents": -1, "_id": 1}},
    ])
    total = sum(group["documents"] for group in groups)
    print(f"{len(groups)} values of {field} in {total} documents")
    width = max((len(str(group["_id"])) for group in groups[:top]), default=0)
    lines = [f"{field} in {collection}: {total} documents", ""]
    lines += [f"{group['_id']!s:<{width}}  {group['documents']:>8}" for group in groups[:top]]

    folder = folders.Folder.open("exports")
    writer = files.Writer.create(folder, file_name, files.WriterOptions(overwrite=True, content_type="text/plain"))
    writer.write("\n".join([*lines, ""]).encode())
    stored = files.Writer.finish(writer)
    return job.Outcome(
        message=f"{len(groups)} values of {field}, stored as {stored.name}",
        details=json.dumps({"values": len(groups), "file": stored.name, "size_bytes": stored.size}),
        records_processed=total,
        records_affected=0,
        errors=[],
        warnings=[] if len(groups) <= top else [f"The file holds the {top} most frequent of {len(groups)} values."],
        extra=None,
    )


def read_all(collection, pipeline):
    found = []
    cursor = documents.Collection.open(collection).aggregate(json.dumps(pipeline), "{}")
    while batch := cursor.next(0):
        if execution.should_stop():
            raise Err(job.Failure(job.FailureKind.INTERRUPTED, "Asked to stop.", None, None))
        found += [json.loads(document) for document in batch]
    return found


def failure(error):
    again = error.kind in (ErrorKind.TIMEOUT, ErrorKind.UNAVAILABLE)
    kind = job.FailureKind.RETRYABLE if again else job.FailureKind.PERMANENT
    return job.Failure(kind, error.message, error.retry_after_ms, error.details)
