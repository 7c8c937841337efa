"""Dumps in mongodump's layout: made, and read, with pymongo's bson.

  write ROOT DATABASE gzip|none [NUMBER]   makes a dump whose collection `orders` has NUMBER documents
  read FOLDER                              prints what the dump in FOLDER holds, as JSON
  same FILE COLLECTION FOLDER              compares canonical JSON lines with a collection of a dump, byte for byte
"""

import datetime
import gzip
import hashlib
import json
import os
import struct
import sys
import urllib.parse

import bson
from bson import json_util
from bson.binary import Binary
from bson.code import Code
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument
from bson.regex import Regex
from bson.timestamp import Timestamp

OPTIONS = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
# Go's url.PathEscape leaves these as they are, beside letters, digits and "_.-~".
UNESCAPED = "$&+:=@"


def types():
    """Every type, every kind of _id, and what is easily changed on the way."""
    rich = {
        "_id": ObjectId("65f000000000000000000001"),
        "double": 1.5, "whole": 2.0, "minus zero": -0.0, "nan": float("nan"),
        "infinity": float("inf"), "minus infinity": float("-inf"), "tiny": 5e-324, "exact": 0.1,
        "string": "Grüße, 世界 🙂", "empty": "", "zero byte": "a\0b",
        "document": {"b": 1, "a": {"deep": [1, [2, [3, {"x": None}]]]}}, "array": [], "nothing": {},
        "true": True, "false": False, "null": None,
        "date": DatetimeMS(1790000000123), "before": DatetimeMS(-62135596800001), "far": DatetimeMS(2**62),
        "pattern": Regex("^a.*b$", "imsx"), "code": Code("function() {}"), "scope": Code("x", {"x": Int64(5)}),
        "int32": 2**31 - 1, "low": -(2**31), "int64": Int64(2**63 - 1), "lowest": Int64(-(2**63)), "small": Int64(1),
        "stamp": Timestamp(4294967295, 4294967294), "no stamp": Timestamp(0, 0),
        "decimal": Decimal128("1.50"), "decimals": [Decimal128(text) for text in
            ("NaN", "Infinity", "-Infinity", "-0", "0E+6111", "9.999999999999999999999999999999999E+6144", "1E-6176")],
        "min": MinKey(), "max": MaxKey(),
        "binaries": [Binary(bytes(range(20)), kind) for kind in (0, 1, 2, 128, 255)],
        "uuids": [Binary(bytes(range(16)), kind) for kind in (3, 4)], "digest": Binary(bytes(16), 5),
        "no bytes": Binary(b"", 0), "": "a field without a name", "dotted.name": 1, "$dollar": 2,
    }
    ids = [7, Int64(2**40), 1.25, "text", {"a": 1, "b": [2]}, Binary(b"id", 0), DatetimeMS(5), True, None,
           Decimal128("3.5"), Timestamp(1, 2), MinKey(), MaxKey()]
    return [bson.encode(rich, codec_options=OPTIONS)] + [bson.encode({"_id": one, "n": 1}) for one in ids]


def old():
    """Types that no driver writes any more: undefined, symbol, a pointer into a collection."""
    pointer = b"\x0cpointer\0" + struct.pack("<i", 5) + b"a.bc\0" + bytes(range(12))
    body = b"\x02_id\0" + struct.pack("<i", 4) + b"old\0" + b"\x06undefined\0" \
        + b"\x0esymbol\0" + struct.pack("<i", 4) + b"sym\0" + pointer
    return [struct.pack("<i", len(body) + 5) + body + b"\0"]


def orders(number):
    for one in range(number):
        yield bson.encode({
            "_id": one, "customer": f"customer{one % 977}", "total": one * 1.25, "paid": one % 3 == 0,
            "at": DatetimeMS(1700000000000 + one * 60000), "tags": ["a", "b", f"t{one % 11}"],
            "address": {"city": f"City {one % 101}", "zip": f"{one % 100000:05}"},
        })


def index(key, name, **more):
    return {"v": 2, "key": key, "name": name, **more}


def metadata(collection, indexes):
    document = {"indexes": [index({"_id": 1}, "_id_")] + indexes, "uuid": hashlib.md5(collection.encode()).hexdigest(),
                "collectionName": collection, "type": "collection"}
    return json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS, separators=(",", ":"))


def write(root, database, packing, number="1000"):
    folder = os.path.join(root, database)
    os.makedirs(folder)
    collections = {
        "types": (types(), []),
        "old": (old(), []),
        "orders": (orders(int(number)), [
            index({"customer": 1, "at": -1}, "customer_1_at_-1"),
            index({"address.zip": 1}, "zips", sparse=True),
            index({"at": 1}, "late", unique=True, partialFilterExpression={"total": {"$gt": 10.5}}),
        ]),
        "größe: x,y": ([bson.encode({"_id": 1})], []),
        "empty": ([], [index({"a": 1}, "a_1", unique=True)]),
    }
    for name, (documents, indexes) in collections.items():
        stem = os.path.join(folder, urllib.parse.quote(name, safe=UNESCAPED))
        with opened(stem + ".bson", packing, "wb") as file:
            for document in documents:
                file.write(document)
        with opened(stem + ".metadata.json", packing, "wb") as file:
            file.write(metadata(name, indexes).encode())
    with opened(os.path.join(root, "prelude.json"), packing, "wb") as file:
        file.write(b'{"ServerVersion":"8.0.4","ToolVersion":"100.11.0"}')


def opened(path, packing, mode):
    return gzip.open(path + ".gz", mode) if packing == "gzip" else open(path, mode)


def unpacked(path):
    with (gzip.open(path) if path.endswith(".gz") else open(path, "rb")) as file:
        return file.read()


def split(data):
    """The bytes of each document; decode_all proves that they are what bson takes for documents."""
    decoded = bson.decode_all(data, OPTIONS)
    raw = [document.raw for document in bson.decode_all(data, CodecOptions(document_class=RawBSONDocument))]
    assert len(raw) == len(decoded) and b"".join(raw) == data
    return raw


def parts(folder):
    for place, _, files in os.walk(folder):
        for file in sorted(files):
            for ending in (".bson", ".bson.gz"):
                if file.endswith(ending):
                    packed = ".gz" if ending.endswith(".gz") else ""
                    stem = os.path.join(place, file.removesuffix(ending))
                    name = urllib.parse.unquote(file.removesuffix(ending), errors="strict")
                    yield name, unpacked(stem + ending), json.loads(unpacked(stem + ".metadata.json" + packed))


def read(folder):
    found = {}
    for name, data, described in parts(folder):
        documents = split(data)
        found[name] = {
            "documents": len(documents), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
            "indexes": described["indexes"], "name": described["collectionName"], "kind": described["type"],
        }
    print(json.dumps(found, ensure_ascii=False, sort_keys=True))


def same(lines, collection, folder):
    """Canonical Extended JSON, encoded again, is what the dump holds: in order and to the byte."""
    data = {name: data for name, data, _ in parts(folder)}[collection]
    wanted = split(data)
    options = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL,
                                    datetime_conversion=DatetimeConversion.DATETIME_MS,
                                    uuid_representation=0)
    with open(lines, encoding="utf-8") as file:
        found = [bson.encode(json_util.loads(line, json_options=options), codec_options=OPTIONS) for line in file]
    assert len(found) == len(wanted), f"{len(found)} documents instead of {len(wanted)}"
    for number, (one, other) in enumerate(zip(found, wanted)):
        assert one == other, f"document {number} differs: {bson.decode(one, OPTIONS)} / {bson.decode(other, OPTIONS)}"
    print(len(found))


if __name__ == "__main__":
    {"write": write, "read": read, "same": same}[sys.argv[1]](*sys.argv[2:])
