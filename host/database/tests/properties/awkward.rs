//! Values, documents, filters and updates of the kind that break databases.

use proptest::prelude::*;
use sandglass_database::bson::{
    Binary, Bson, DateTime, Document, Regex, Timestamp, doc, oid::ObjectId, spec::BinarySubtype,
};

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse().unwrap())
}

fn number() -> impl Strategy<Value = Bson> {
    let edges = vec![
        Bson::Int32(0),
        Bson::Int32(1),
        Bson::Int32(-1),
        Bson::Int32(i32::MAX),
        Bson::Int64(1),
        Bson::Int64(9_007_199_254_740_992),
        Bson::Int64(9_007_199_254_740_993),
        Bson::Int64(-9_007_199_254_740_993),
        Bson::Int64(i64::MAX),
        Bson::Int64(i64::MIN),
        Bson::Double(0.0),
        Bson::Double(-0.0),
        Bson::Double(1.0),
        Bson::Double(0.1),
        Bson::Double(-0.1),
        Bson::Double(9_007_199_254_740_992.0),
        Bson::Double(9_223_372_036_854_775_808.0),
        Bson::Double(5e-324),
        Bson::Double(-5e-324),
        Bson::Double(f64::MAX),
        Bson::Double(f64::INFINITY),
        Bson::Double(f64::NEG_INFINITY),
        Bson::Double(f64::NAN),
        decimal("0"),
        decimal("-0"),
        decimal("1"),
        decimal("1.00"),
        decimal("0.1"),
        decimal("-0.1"),
        decimal("9007199254740993"),
        decimal("9007199254740993.5"),
        decimal("1E-6176"),
        decimal("-1E-6176"),
        decimal("9.999999999999999999999999999999999E+6144"),
        decimal("-1E+400"),
        decimal("NaN"),
        decimal("Infinity"),
        decimal("-Infinity"),
        decimal("0.1000000000000000055511151231257827"),
    ];
    prop_oneof![
        4 => prop::sample::select(edges),
        1 => any::<i64>().prop_map(Bson::Int64),
        1 => any::<f64>().prop_map(Bson::Double),
        2 => (-3_i32..4).prop_map(Bson::Int32),
        1 => (any::<i64>(), -30_i32..30).prop_map(|(digits, power)| decimal(&format!("{digits}E{power}"))),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["", "a", "b", "ab", "A", "a\u{0}b", "a\u{0}", "é", "😀"]).prop_map(str::to_owned),
        "[a-c]{0,3}"
    ]
}

/// Few values, so that two of them are often equal.
fn common() -> impl Strategy<Value = Bson> {
    prop::sample::select(vec![
        Bson::Int32(1),
        Bson::Double(1.0),
        Bson::Int64(2),
        decimal("2.0"),
        Bson::Null,
        Bson::String("a".into()),
        Bson::Double(f64::NAN),
        Bson::Boolean(true),
    ])
}

fn leaf() -> impl Strategy<Value = Bson> {
    prop_oneof![
        12 => common(),
        6 => number(),
        3 => text().prop_map(Bson::String),
        2 => Just(Bson::Null),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => prop::sample::select(vec![0_i64, -1, 1, i64::MIN, i64::MAX, -62_000_000_000_000])
            .prop_map(|at| Bson::DateTime(DateTime::from_millis(at))),
        1 => (0_u32..3, 0_u32..3).prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        1 => any::<[u8; 12]>().prop_map(|bytes| Bson::ObjectId(ObjectId::from_bytes(bytes))),
        1 => (prop::collection::vec(any::<u8>(), 0..3), any::<bool>()).prop_map(|(bytes, other)| {
            Bson::Binary(Binary { subtype: if other { BinarySubtype::Uuid } else { BinarySubtype::Generic }, bytes })
        }),
        1 => prop::sample::select(vec![Bson::MinKey, Bson::MaxKey, Bson::Undefined]),
        1 => prop::sample::select(vec![("a", ""), ("^a", "i"), ("b$", "")]).prop_map(|(pattern, options)| {
            Bson::RegularExpression(Regex { pattern: pattern.try_into().unwrap(), options: options.try_into().unwrap() })
        }),
        1 => prop::sample::select(vec!["x", "y"]).prop_map(|code| Bson::JavaScriptCode(code.into())),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "0", "1"]).prop_map(str::to_owned)
}

/// Any value, nested a little.
pub fn value() -> impl Strategy<Value = Bson> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Bson::Array),
            prop::collection::vec((name(), inner), 0..3)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

/// A document with an `_id`, and values at the paths that filters and indexes ask for.
pub fn document() -> impl Strategy<Value = Document> {
    (0_i32..5, prop::option::of(value()), prop::option::of(value())).prop_map(|(id, a, b)| {
        let mut document = doc! { "_id": id };
        document.extend(a.map(|a| ("a".to_owned(), a)));
        document.extend(b.map(|b| ("b".to_owned(), b)));
        document
    })
}

pub fn path() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "a.b", "a.0", "a.b.c", "a.0.b", "a.b.0", "b.a", "c"]).prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = Bson> {
    let operand = prop_oneof![3 => leaf(), 1 => value()];
    let simple = (prop::sample::select(vec!["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), operand)
        .prop_map(|(operator, operand)| doc! { operator: operand });
    let other = prop_oneof![
        4 => simple.clone(),
        2 => (simple.clone(), simple).prop_map(|(mut a, b)| { a.extend(b); a }),
        2 => (any::<bool>(), prop::collection::vec(leaf(), 0..4))
            .prop_map(|(not, values)| doc! { if not { "$nin" } else { "$in" }: values }),
        1 => any::<bool>().prop_map(|flag| doc! { "$exists": flag }),
        1 => prop::sample::select(vec!["number", "string", "array", "object", "null", "int"])
            .prop_map(|name| doc! { "$type": name }),
        1 => (-2_i32..4).prop_map(|size| doc! { "$size": size }),
        1 => (-3_i64..4, -2_i32..3).prop_map(|(divisor, rest)| doc! { "$mod": [divisor, rest] }),
        1 => prop::collection::vec(leaf(), 0..3).prop_map(|values| doc! { "$all": values }),
        1 => prop::sample::select(vec!["a", "^a", "(?i)A", "b$", "[", "(?=a)"]).prop_map(|p| doc! { "$regex": p }),
        1 => (0_i64..9).prop_map(|mask| doc! { "$bitsAnySet": mask }),
    ];
    other
        .prop_recursive(2, 6, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|inner| doc! { "$not": inner }),
                inner.clone().prop_map(|inner| doc! { "$elemMatch": inner }),
                (path(), inner).prop_map(|(path, inner)| doc! { "$elemMatch": { path: inner } }),
            ]
        })
        .prop_map(Bson::Document)
}

/// A filter, mostly a right one.
pub fn filter() -> impl Strategy<Value = Document> {
    let clause = (path(), prop_oneof![3 => condition(), 1 => value()]).prop_map(|(path, test)| doc! { path: test });
    let clause = prop_oneof![
        9 => clause,
        1 => Just(doc! { "$expr": { "$gt": ["$a", "$b"] } }),
    ];
    let one = (clause.clone(), prop::option::of(clause)).prop_map(|(mut a, b)| {
        a.extend(b.into_iter().flatten());
        a
    });
    one.prop_recursive(2, 6, 2, |inner| {
        (prop::sample::select(vec!["$and", "$or", "$nor"]), prop::collection::vec(inner, 1..3))
            .prop_map(|(operator, filters)| doc! { operator: filters })
    })
}

/// Documents full of operators in places where some of them make sense and most do not.
pub fn nonsense() -> impl Strategy<Value = Document> {
    let names = vec![
        "a",
        "a.b",
        "a.$",
        "a.$[]",
        "a.$[x]",
        "",
        ".",
        "a..b",
        "$",
        "$$",
        "$and",
        "$or",
        "$nor",
        "$not",
        "$eq",
        "$in",
        "$all",
        "$elemMatch",
        "$size",
        "$type",
        "$mod",
        "$regex",
        "$options",
        "$exists",
        "$expr",
        "$bitsAllSet",
        "$comment",
        "$set",
        "$unset",
        "$inc",
        "$push",
        "$each",
        "$slice",
        "$sort",
        "$position",
        "$pull",
        "$pullAll",
        "$addToSet",
        "$pop",
        "$rename",
        "$bit",
        "$min",
        "$mul",
        "$currentDate",
        "$where",
        "$add",
        "$cond",
        "$let",
        "$literal",
        "$map",
        "_id",
        "0",
        "a\u{0}b",
    ];
    let names = prop::sample::select(names).prop_map(str::to_owned);
    let values = leaf().prop_recursive(4, 20, 3, {
        let names = names.clone();
        move |inner| {
            let fields = prop::collection::vec((names.clone(), inner.clone()), 0..3);
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(Bson::Array),
                fields.prop_map(|fields| Bson::Document(fields.into_iter().collect())),
            ]
        }
    });
    prop::collection::vec((names, values), 0..3).prop_map(|fields| fields.into_iter().collect())
}

/// Update operators, often wrong ones.
pub fn change() -> impl Strategy<Value = Document> {
    let target = prop::sample::select(vec![
        "a", "b", "c", "a.b", "a.0", "a.1", "a.b.c", "a.$", "a.$[]", "a.$[].b", "b.$[].c", "_id", "a.4",
    ]);
    let operators = vec![
        "$set",
        "$unset",
        "$inc",
        "$mul",
        "$min",
        "$max",
        "$push",
        "$addToSet",
        "$pull",
        "$pullAll",
        "$pop",
        "$rename",
        "$setOnInsert",
        "$currentDate",
        "$bit",
    ];
    let operand = prop_oneof![
        4 => value(),
        1 => condition(),
        1 => (-2_i32..3).prop_map(Bson::Int32),
        1 => path().prop_map(Bson::String),
        1 => Just(Bson::Boolean(true)),
        1 => (prop::collection::vec(value(), 0..3), -3_i32..4, -2_i32..3, any::<bool>()).prop_map(
            |(each, slice, position, sort)| {
                let mut push = doc! { "$each": each, "$slice": slice, "$position": position };
                if sort {
                    push.insert("$sort", -1);
                }
                Bson::Document(push)
            }
        ),
        1 => prop::collection::vec(value(), 0..3).prop_map(|each| Bson::Document(doc! { "$each": each })),
        1 => (-9_i32..9).prop_map(|mask| Bson::Document(doc! { "xor": mask, "and": 7_i64 })),
    ];
    prop::collection::vec((prop::sample::select(operators), target, operand), 1..3).prop_map(|writes| {
        let mut change = Document::new();
        for (operator, target, operand) in writes {
            if let Bson::Document(fields) = change.entry(operator).or_insert_with(|| Bson::Document(Document::new())) {
                fields.insert(target, operand);
            }
        }
        change
    })
}
