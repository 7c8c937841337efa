//! Expressions of any shape, well made or not: they give a value or an error, and never anything else.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read must stop the test")]

use proptest::{prelude::*, strategy::ValueTree};
use sandglass_database::{
    Error,
    bson::{self, Bson, Document, bson, doc},
    query::{
        allow,
        expression::{Expression, Variables},
        pipeline::{Context, NoCollections, Pipeline},
        projection::Projection,
    },
};

/// Operators whose operand is a document with these fields.
const FIELDS: &[(&str, &[&str])] = &[
    ("$convert", &["input", "to", "onError", "onNull"]),
    ("$dateAdd", &["startDate", "unit", "amount", "timezone"]),
    ("$dateDiff", &["startDate", "endDate", "unit", "timezone", "startOfWeek"]),
    ("$dateFromParts", &["year", "month", "day", "hour", "minute", "second", "millisecond", "timezone"]),
    ("$dateFromParts", &["isoWeekYear", "isoWeek", "isoDayOfWeek", "hour", "millisecond", "timezone"]),
    ("$dateFromString", &["dateString", "format", "timezone", "onError", "onNull"]),
    ("$dateSubtract", &["startDate", "unit", "amount", "timezone"]),
    ("$dateToParts", &["date", "timezone", "iso8601"]),
    ("$dateToString", &["date", "format", "timezone", "onNull"]),
    ("$dateTrunc", &["date", "unit", "binSize", "timezone", "startOfWeek"]),
    ("$filter", &["input", "cond", "limit"]),
    ("$getField", &["field", "input"]),
    ("$ltrim", &["input", "chars"]),
    ("$map", &["input", "in"]),
    ("$reduce", &["input", "initialValue", "in"]),
    ("$regexFind", &["input", "regex", "options"]),
    ("$regexFindAll", &["input", "regex", "options"]),
    ("$regexMatch", &["input", "regex", "options"]),
    ("$replaceAll", &["input", "find", "replacement"]),
    ("$replaceOne", &["input", "find", "replacement"]),
    ("$rtrim", &["input", "chars"]),
    ("$setField", &["field", "input", "value"]),
    ("$sortArray", &["input", "sortBy"]),
    ("$trim", &["input", "chars"]),
    ("$unsetField", &["field", "input"]),
    ("$zip", &["inputs", "useLongestLength", "defaults"]),
];

/// Values at the edges of their types, and the words that some operators look for.
fn value() -> impl Strategy<Value = Bson> {
    let decimals = ["0", "-0", "1.5", "NaN", "-Infinity", "9.999999999999999999999999999999999E+6144", "1E-6176"];
    let texts = [
        "",
        "a",
        "é😀",
        "day",
        "month",
        "hour",
        "week",
        "year",
        "UTC",
        "Europe/Berlin",
        "+05:30",
        "-14",
        "int",
        "decimal",
        "string",
        "date",
        "2024-02-29T12:34:56.789Z",
        "%Y-%m-%dT%H:%M:%S.%L%z",
        "%j %U %V %G %u %w %Z %B %b",
        "%",
        "(a)|b*",
        "(",
        "i",
        "1e400",
        "12345678901234567890",
        "mon",
    ];
    prop_oneof![
        prop::sample::select(vec![0, 1, -1, 2, 100, i32::MAX, i32::MIN]).prop_map(Bson::Int32),
        prop::sample::select(vec![0, 1, -5, 1_709_210_096_789, i64::MAX, i64::MIN]).prop_map(Bson::Int64),
        prop::sample::select(vec![
            0.0,
            -0.0,
            0.5,
            -2.5,
            1e300,
            9.3e18,
            f64::MIN_POSITIVE,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY
        ])
        .prop_map(Bson::Double),
        any::<i32>().prop_map(Bson::Int32),
        any::<f64>().prop_map(Bson::Double),
        prop::sample::select(decimals.to_vec()).prop_map(|text| Bson::Decimal128(text.parse().unwrap())),
        any::<[u8; 16]>().prop_map(|bytes| Bson::Decimal128(bson::Decimal128::from_bytes(bytes))),
        prop::sample::select(vec![0, -1, 1_709_210_096_789, 253_402_300_799_999, i64::MAX, i64::MIN])
            .prop_map(|millis| Bson::DateTime(bson::DateTime::from_millis(millis))),
        prop::sample::select(texts.to_vec()).prop_map(Bson::from),
        prop::sample::select(vec![
            "$a", "$b", "$d", "$s", "$nope", "$o.x", "$$ROOT", "$$NOW", "$$REMOVE", "$$this", "$$value"
        ])
        .prop_map(Bson::from),
        Just(Bson::Null),
        Just(Bson::Undefined),
        Just(Bson::MinKey),
        Just(Bson::MaxKey),
        any::<bool>().prop_map(Bson::Boolean),
        Just(Bson::ObjectId(bson::oid::ObjectId::from_bytes([7; 12]))),
        Just(Bson::Timestamp(bson::Timestamp { time: u32::MAX, increment: 1 })),
        Just(bson!([1, 2.5, "x", null, [3]])),
        Just(bson!([])),
        Just(bson!({ "x": 1, "y": [1, { "z": 2 }] })),
    ]
}

fn expression() -> impl Strategy<Value = Bson> {
    value().prop_recursive(5, 48, 4, |inner| {
        let listed = (prop::sample::select(allow::EXPRESSIONS), prop::collection::vec(inner.clone(), 0..4))
            .prop_map(|(name, operands)| Bson::Document(doc! { name: operands }));
        let single = (prop::sample::select(allow::EXPRESSIONS), inner.clone())
            .prop_map(|(name, operand)| Bson::Document(doc! { name: operand }));
        let fields =
            (prop::sample::select(FIELDS), prop::collection::vec(prop::option::weighted(0.8, inner.clone()), 8))
                .prop_map(|((name, fields), values)| {
                    let operand: Document = fields
                        .iter()
                        .zip(values)
                        .filter_map(|(field, value)| Some(((*field).to_owned(), value?)))
                        .collect();
                    Bson::Document(doc! { name: operand })
                });
        let switch = (inner.clone(), inner.clone(), inner.clone()).prop_map(|(case, then, default)| {
            bson!({ "$switch": { "branches": [{ "case": case, "then": then }], "default": default } })
        });
        let bound = (inner.clone(), inner.clone())
            .prop_map(|(value, body)| bson!({ "$let": { "vars": { "this": value, "value": 1 }, "in": body } }));
        let list = prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array);
        let document = (inner.clone(), inner).prop_map(|(a, b)| bson!({ "p": a, "q": b }));
        prop_oneof![3 => listed, 3 => single, 4 => fields, 1 => switch, 1 => bound, 1 => list, 1 => document]
    })
}

fn root() -> Document {
    doc! {
        "a": [1, 5_i64, null, "x", { "x": 2 }],
        "b": true,
        "d": bson::DateTime::from_millis(1_709_210_096_789),
        "s": "Job-42",
        "o": { "x": [4, 1, 3] },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_expression_gives_a_value_or_an_error(expression in expression()) {
        // `$$this` and `$$value` have values everywhere, so that more trees are evaluated than refused.
        let names = ["this".to_owned(), "value".to_owned()];
        let variables = Variables::at(bson::DateTime::from_millis(5))
            .with("this", Some(bson!(2)))
            .with("value", Some(bson!(["v"])));
        if let Ok(compiled) = Expression::compile_with(&expression, &names) {
            let (first, second) = (compiled.evaluate(&root(), &variables), compiled.evaluate(&root(), &variables));
            // Printed, because NaN is not equal to itself.
            prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        }
    }

    #[test]
    fn any_projection_gives_a_document_or_an_error(field in "[as.$x0]{1,4}", value in expression()) {
        for projection in [doc! { &field: value.clone() }, doc! { "o": { &field: value.clone() }, "b": 1 }] {
            if let Ok(compiled) = Projection::compile(&projection) {
                let _: Result<Document, Error> = compiled.apply(&root(), Some(0));
            }
        }
    }

    #[test]
    fn any_stage_gives_documents_or_an_error(name in prop::sample::select(allow::STAGES), operand in expression()) {
        if let Ok(pipeline) = Pipeline::compile(&[doc! { name: operand }]) {
            let variables = Variables::default();
            let context = Context { collections: &NoCollections, variables: &variables };
            let input = vec![Ok(root()), Ok(doc! { "a": 1 })];
            let _: Vec<Result<Document, Error>> = pipeline.run(Box::new(input.into_iter()), context).collect();
        }
    }
}

#[test]
fn the_random_trees_are_not_all_refused() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let values = (0..2_000)
        .filter(|_| {
            let tree = expression().new_tree(&mut runner).unwrap().current();
            let compiled = Expression::compile_with(&tree, &["this".to_owned(), "value".to_owned()]);
            compiled.is_ok_and(|compiled| {
                matches!(&tree, Bson::Document(_)) && compiled.evaluate(&root(), &Variables::default()).is_ok()
            })
        })
        .count();
    assert!(values > 200, "only {values} of 2,000 trees with an operator gave a value");
}

#[test]
fn every_operator_of_the_allow_list_is_known_to_the_compiler() {
    for name in allow::EXPRESSIONS {
        let answer = Expression::compile(&bson!({ *name: {} }));
        assert!(!matches!(answer, Err(Error::Unsupported { .. })), "{name}: {answer:?}");
    }
}

#[test]
fn nesting_ends_with_an_error_before_the_stack_does() {
    let nested = |levels: usize| {
        (0..levels).fold(bson!(1), |inner, _| {
            bson!({ "$let": { "vars": { "v": inner }, "in": { "$cond": [true, { "$add": ["$$v", 1] }, 0] } } })
        })
    };
    let deep = Expression::compile(&nested(95)).unwrap();
    assert_eq!(deep.evaluate(&Document::new(), &Variables::default()).unwrap(), Some(bson!(96)));
    assert!(matches!(Expression::compile(&nested(150)), Err(Error::Invalid { .. })));
}
