//! Each format, read back by Python.

use sandglass_tests::run_python;
use serde_json::{Value, json};

use super::{Scene, numbers, people};

const READ_CSV: &str = "
import csv, json, sys
with open(sys.argv[1], newline='', encoding='utf-8') as f:
    print(json.dumps(list(csv.reader(f, delimiter=sys.argv[2]))))
";

const READ_XLSX: &str = "
import json, sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book.active
def cell(c):
    v = c.value
    return [type(v).__name__, v.isoformat() if hasattr(v, 'isoformat') else v, c.data_type]
print(json.dumps({'sheets': book.sheetnames, 'freeze': sheet.freeze_panes, 'bold': sheet['A1'].font.b,
    'format': {c.coordinate: c.number_format for c in sheet[2]},
    'rows': [[cell(c) for c in row] for row in sheet.iter_rows()]}))
";

fn read_csv(path: &str, delimiter: &str) -> Vec<Vec<String>> {
    serde_json::from_str(&run_python(READ_CSV, &[path, delimiter])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_is_what_pythons_csv_reads() {
    let scene = Scene::with(&[("people", people())]).await;
    let details = scene.exported(json!({"collection": "people", "format": "csv", "sort": {"_id": 1}})).await;
    let titles = [
        "_id", "name", "age", "big", "ratio", "whole", "active", "born", "price", "photo", "token", "address", "tags",
        "nothing", "note", "late",
    ];
    assert_eq!(details["columns"], json!(titles));
    assert_eq!(details["rows"], 3);
    let rows = read_csv(&scene.path(&details), ",");
    let expected: [Vec<&str>; 4] = [
        titles.to_vec(),
        vec![
            "65f000000000000000000001",
            "Zoë, \"the\" first\nof all",
            "36",
            "9007199254740993",
            "0.1",
            "7.0",
            "true",
            "1990-05-17T06:30:00.25Z",
            "12.50",
            "AQIDBA==",
            "01234567-89ab-cdef-0123-456789abcdef",
            "{\"city\":\"Oslo\",\"zip\":\"0150\"}",
            "[\"a\",\"b\"]",
            "",
            "",
            "",
        ],
        vec![
            "65f000000000000000000002",
            "'=HYPERLINK(\"http://x\")",
            "-5",
            "42",
            "NaN",
            "",
            "false",
            "1969-12-31T23:59:59Z",
            "",
            "",
            "",
            "",
            "",
            "",
            "-7",
            "",
        ],
        vec!["65f000000000000000000003", "'+cmd", "", "", "", "", "", "", "", "", "", "", "", "", "'-7-8", "field"],
    ];
    assert_eq!(rows, expected);

    let details = scene
        .exported(json!({
            "collection": "people", "format": "csv", "filter": {"born": {"$gte": {"$date": "1980-01-01T00:00:00Z"}}},
            "csv": {"delimiter": "\t", "flatten": true, "null_text": "NULL"}, "projection": {"photo": 0, "token": 0}
        }))
        .await;
    let rows = read_csv(&scene.path(&details), "\t");
    assert_eq!(rows[0][9..], ["address.city", "address.zip", "tags.0", "tags.1", "nothing"]);
    assert_eq!(rows[1][9..], ["Oslo", "0150", "a", "b", "NULL"]);
    assert_eq!(rows.len(), 2);

    let columns = json!([{"path": "address.city", "title": "City"}, {"path": "name"}, {"path": "tags.1"}]);
    let details = scene
        .exported(json!({
            "collection": "people", "format": "csv", "sort": {"_id": -1}, "compression": "gzip",
            "csv": {"delimiter": ";", "columns": columns, "excel_safe": false, "header": false}
        }))
        .await;
    assert!(details["file"].as_str().unwrap().ends_with(".csv.gz"), "{details}");
    let script = "import csv, gzip, json, sys\n\
                  print(json.dumps(list(csv.reader(gzip.open(sys.argv[1], 'rt', newline='', encoding='utf-8'), delimiter=';'))))";
    let rows: Vec<Vec<String>> = serde_json::from_str(&run_python(script, &[&scene.path(&details)])).unwrap();
    assert_eq!(rows[0], ["", "+cmd", ""]);
    assert_eq!(rows[1], ["", "=HYPERLINK(\"http://x\")", ""]);
    assert_eq!(rows[2], ["Oslo", "Zoë, \"the\" first\nof all", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn xlsx_has_typed_cells_for_openpyxl() {
    let scene = Scene::with(&[("people", people()), ("many", numbers(3_000))]).await;
    let details = scene.exported(json!({"collection": "people", "format": "xlsx", "sort": {"_id": 1}})).await;
    let book: Value = serde_json::from_str(&run_python(READ_XLSX, &[&scene.path(&details)])).unwrap();
    assert_eq!(book["sheets"], json!(["Export"]));
    assert_eq!((&book["freeze"], &book["bold"]), (&json!("A2"), &json!(true)), "{book}");
    assert_eq!(book["format"]["H2"], "yyyy-mm-dd hh:mm:ss", "{book}");
    let expected = json!([
        ["str", "65f000000000000000000001", "s"],
        ["str", "Zoë, \"the\" first\nof all", "s"],
        ["int", 36, "n"],
        ["str", "9007199254740993", "s"],
        ["float", 0.1, "n"],
        ["float", 7.0, "n"],
        ["bool", true, "b"],
        ["datetime", "1990-05-17T06:30:00.250000", "d"],
        ["float", 12.5, "n"],
        ["str", "AQIDBA==", "s"],
        ["str", "01234567-89ab-cdef-0123-456789abcdef", "s"],
        ["str", "{\"city\":\"Oslo\",\"zip\":\"0150\"}", "s"],
        ["str", "[\"a\",\"b\"]", "s"],
        ["NoneType", null, "n"],
        ["NoneType", null, "n"],
        ["NoneType", null, "n"]
    ]);
    assert_eq!(book["rows"][1], expected);
    let second = &book["rows"][2];
    // A text that looks like a formula is a text, and never runs.
    assert_eq!(second[1], json!(["str", "=HYPERLINK(\"http://x\")", "s"]));
    assert_eq!((&second[2], &second[3]), (&json!(["int", -5, "n"]), &json!(["int", 42, "n"])));
    assert_eq!((&second[4], &second[7][1]), (&json!(["str", "NaN", "s"]), &json!("1969-12-31T23:59:59")));

    let details = scene.exported(json!({"collection": "many", "format": "xlsx", "csv": {"header": false}})).await;
    let script = "import openpyxl, sys\ns = openpyxl.load_workbook(sys.argv[1], read_only=True).active\n\
                  rows = list(s.iter_rows(values_only=True))\n\
                  print(len(rows), all(r[0] == i and r[1] == i * 7 and len(r[2]) == 300 for i, r in enumerate(rows)))";
    assert_eq!(run_python(script, &[&scene.path(&details)]).trim(), "3000 True");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_what_pythons_json_reads_in_both_styles() {
    let scene = Scene::with(&[("people", people()), ("many", numbers(2_500))]).await;
    let read = "import json, sys\nprint(json.dumps(json.load(open(sys.argv[1], encoding='utf-8'))))";
    let details = scene.exported(json!({"collection": "people", "format": "json", "sort": {"_id": 1}})).await;
    let relaxed: Vec<Value> = serde_json::from_str(&run_python(read, &[&scene.path(&details)])).unwrap();
    assert_eq!(relaxed[0]["big"], json!(9_007_199_254_740_993_i64));
    assert_eq!(relaxed[0]["born"], json!({"$date": "1990-05-17T06:30:00.25Z"}));
    assert_eq!(relaxed[1]["born"], json!({"$date": {"$numberLong": "-1000"}}));
    assert_eq!(relaxed[2], people()[2]);

    let details =
        scene.exported(json!({"collection": "people", "json_style": "canonical", "compression": "gzip"})).await;
    // bson's own reader of canonical Extended JSON gives back what was put in.
    let script = "
import bson.json_util as u, gzip, json, sys
lines = [u.loads(line, json_options=u.CANONICAL_JSON_OPTIONS) for line in gzip.open(sys.argv[1], 'rt', encoding='utf-8')]
first = lines[0]
print(json.dumps([len(lines), type(first['_id']).__name__, type(first['big']).__name__, type(first['age']).__name__,
    type(first['whole']).__name__, str(first['price']), first['born'].isoformat(), first['photo'].hex(), str(first['token'].subtype) + ' ' + first['token'].hex()]))
";
    let found: Value = serde_json::from_str(&run_python(script, &[&scene.path(&details)])).unwrap();
    let expected = json!([
        3,
        "ObjectId",
        "Int64",
        "int",
        "float",
        "12.50",
        "1990-05-17T06:30:00.250000",
        "01020304",
        "4 0123456789abcdef0123456789abcdef"
    ]);
    assert_eq!(found, expected);

    let details = scene.exported(json!({"collection": "many", "format": "jsonl", "skip": 500, "limit": 1_500})).await;
    let script = "import json, sys\nrows = [json.loads(l) for l in open(sys.argv[1])]\n\
                  print(len(rows), all(r['_id'] == i + 500 and r['n'] == r['_id'] * 7 for i, r in enumerate(rows)))";
    assert_eq!(run_python(script, &[&scene.path(&details)]).trim(), "1500 True");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_export_comes_with_the_result_and_a_large_one_is_refused() {
    let scene = Scene::with(&[("people", people()), ("many", numbers(5_000))]).await;
    let memory = |more: Value| {
        let mut parameters = json!({"collection": "people", "destination": "memory", "sort": {"_id": 1}});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parameters
    };
    let details = scene.exported(memory(json!({"format": "csv", "projection": {"name": 1, "_id": 0}}))).await;
    assert_eq!(
        details["content"],
        "name\n\"Zoë, \"\"the\"\" first\nof all\"\n\"'=HYPERLINK(\"\"http://x\"\")\"\n'+cmd\n"
    );
    assert_eq!((&details["encoding"], &details["path"]), (&json!("text"), &Value::Null));
    let details = scene.exported(memory(json!({"format": "json", "compression": "gzip"}))).await;
    let script = "import base64, gzip, hashlib, json, sys\nb = base64.b64decode(sys.stdin.buffer.read() if len(sys.argv) < 2 else sys.argv[1])\n\
                  print(len(json.loads(gzip.decompress(b))), len(b), hashlib.sha256(b).hexdigest())";
    let found = run_python(script, &[details["content"].as_str().unwrap()]);
    assert_eq!(found.trim(), format!("3 {} {}", details["bytes"], details["sha256"].as_str().unwrap()));

    let run = scene.export(memory(json!({"collection": "many"}))).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].to_string().contains("choose the destination file"), "{run}");
    assert_eq!(scene.files(), [""; 0]);
}
