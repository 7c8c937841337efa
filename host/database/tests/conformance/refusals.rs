//! What is refused, and in which words, on every engine.

use sandglass_database::{
    Change, Error, Find, Update,
    bson::{Bson, Document, doc},
    query::{filter::Filter, key, order, regex, sort::Sort, update},
};

fn refusal(filter: Document) -> String {
    Filter::compile(&filter).expect_err("it must be refused").to_string()
}

#[test]
fn an_operator_that_is_not_on_the_list_is_refused_by_name() {
    for name in ["$where", "$text", "$near", "$jsonSchema", "$function"] {
        assert_eq!(refusal(doc! { name: "1" }), format!("operator {name} is not supported"));
    }
    assert_eq!(refusal(doc! { "a": { "$near": [1, 2] } }), "operator $near is not supported");
    assert_eq!(
        refusal(doc! { "$or": [{ "a": { "$not": { "$geoWithin": 1 } } }] }),
        "operator $geoWithin is not supported"
    );
    let change = Change::Operators(doc! { "$set": { "a": 1 }, "$foo": { "b": 1 } });
    let error = update::Update::compile(&change, &[]).unwrap_err();
    assert_eq!(error.to_string(), "operator $foo is not supported");
    let change = Change::Pipeline(vec![doc! { "$out": "x" }]);
    let error = update::Update::compile(&change, &[]).unwrap_err();
    assert!(matches!(&error, Error::Unsupported { what } if what.contains("$out")), "{error}");
}

#[test]
fn engines_refuse_before_they_look() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for engine in runtime.block_on(crate::engine::all()) {
        runtime.block_on(async {
            let database = &engine.database;
            for filter in [doc! { "$where": "1" }, doc! { "a": { "$regex": "(?=b)" } }] {
                let find = database.find("nothing", Find::by(filter.clone())).await.map(|_| ());
                assert!(matches!(find, Err(Error::Unsupported { .. })), "{}: {find:?}", engine.name);
                assert!(database.count("nothing", filter.clone()).await.is_err());
                let update = Update::many(filter, doc! { "$set": { "a": 1 } });
                assert!(database.update("nothing", update).await.is_err());
            }
            let stage = database.aggregate("nothing", vec![doc! { "$currentOp": {} }]).await.map(|_| ());
            assert!(matches!(&stage, Err(Error::Unsupported { what }) if what.contains("$currentOp")), "{stage:?}");
        });
    }
}

#[test]
fn what_needs_backtracking_is_refused_with_the_reason() {
    for (pattern, what) in [
        ("a(?=b)", "look-ahead"),
        ("a(?!b)", "look-ahead"),
        ("(?<=a)b", "look-behind"),
        ("(?<!a)b", "look-behind"),
        (r"(a)\1", "back-reference"),
        (r"(?<n>a)\k<n>", "back-reference"),
        ("(?>a)", "atomic"),
        ("a++", "possessive"),
        ("(?R)", "recursion"),
    ] {
        let error = regex::compile(pattern, "").unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{pattern}: {error}");
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("backtracking"), "{pattern}: {text}");
    }
    for (pattern, options) in [("(", ""), ("[a", ""), ("a{2,1}", ""), ("a", "g"), ("a\0", ""), (r"\", "")] {
        assert!(matches!(regex::compile(pattern, options), Err(Error::Invalid { .. })), "{pattern}");
    }
}

#[test]
fn patterns_mean_what_they_mean_in_pcre() {
    for (pattern, options, yes, no) in [
        (r"^\d+$", "", vec!["12", "12\n"], vec!["١٢", "12\n\n", ""]),
        (r"^\w$", "", vec!["a", "_"], vec!["é", "-"]),
        ("^a", "m", vec!["b\na"], vec!["ba"]),
        ("a$", "m", vec!["a\nb"], vec!["ab"]),
        ("a.b", "", vec!["a b"], vec!["a\nb"]),
        ("a.b", "s", vec!["a\nb"], vec!["ab"]),
        ("ÄB", "i", vec!["äb"], vec!["ab"]),
        ("a b # c\n d", "x", vec!["abd"], vec!["a b"]),
        ("[a b]", "x", vec![" "], vec!["c"]),
        ("[[]", "", vec!["["], vec!["a"]),
        ("[]a]", "", vec!["]", "a"], vec!["b"]),
        ("[^]a]", "", vec!["b"], vec!["]"]),
        ("[a&&b]", "", vec!["&", "a"], vec!["c"]),
        (r"[\w-]", "", vec!["-", "x"], vec!["."]),
        ("[[:alpha:]]", "", vec!["a"], vec!["1"]),
        ("a{", "", vec!["a{"], vec!["a"]),
        ("a{,3}", "", vec!["a{,3}"], vec!["aaa"]),
        ("^a{2}$", "", vec!["aa"], vec!["a"]),
        ("{x}", "", vec!["{x}"], vec!["x"]),
        (r"\Qa.b\E", "", vec!["a.b"], vec!["axb"]),
        (r"\/\<\-", "", vec!["/<-"], vec!["/-"]),
        (r"a\.b", "", vec!["a.b"], vec!["axb"]),
        (r"\ba\b", "", vec!["x a y"], vec!["xay"]),
        ("(?i)a", "", vec!["A"], vec!["b"]),
        ("(?<n>a)b", "", vec!["ab"], vec!["a"]),
        ("(?#note)a", "", vec!["a"], vec!["b"]),
        (r"\x41\t", "", vec!["A\t"], vec!["a\t"]),
        (r"a\Z", "", vec!["a", "a\n"], vec!["ab"]),
        (r"a\z", "", vec!["a"], vec!["a\n"]),
        (r"(a|b)+?c", "", vec!["abc"], vec!["ab"]),
    ] {
        let compiled = regex::compile(pattern, options).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for text in yes {
            assert!(compiled.is_match(text), "{pattern:?} must match {text:?}");
        }
        for text in no {
            assert!(!compiled.is_match(text), "{pattern:?} must not match {text:?}");
        }
    }
}

#[test]
fn commands_and_documents_have_bounds() {
    let nested = |depth: usize| (0..depth).fold(Bson::Int32(1), |inner, _| Bson::Document(doc! { "a": inner }));
    assert!(Filter::compile(&doc! { "a": nested(90) }).is_ok());
    assert!(refusal(doc! { "a": nested(100) }).contains("nested deeper than 100"));
    let many = Bson::Array(vec![Bson::Null; 100_001]);
    assert!(refusal(doc! { "a": { "$in": many } }).contains("at most 100000"));
    let patterns = Bson::Array(vec![Bson::Document(doc! { "a": { "$regex": "x" } }); 101]);
    assert!(refusal(doc! { "$or": patterns }).contains("101 regular expressions"));
    let long = "x".repeat(1024 * 1024);
    assert!(matches!(Filter::compile(&doc! { "a": long }), Err(Error::TooLarge { limit: 1_048_576, .. })));
    let deep = (0..45).fold(doc! { "a": 1 }, |inner, _| doc! { "$and": [inner] });
    assert!(Filter::compile(&deep).unwrap().matches(&doc! { "a": 1 }).unwrap());
    let fields: Document = (0..33).map(|field| (format!("f{field}"), Bson::Int32(1))).collect();
    assert!(Sort::compile(&fields).is_err());
    let mut large = doc! { "_id": 1, "a": "x".repeat(17 * 1024 * 1024) };
    assert!(matches!(update::prepare_insert(&mut large), Err(Error::TooLarge { limit: 16_777_216, .. })));
    let mut wrong = doc! { "_id": [1] };
    assert!(matches!(update::prepare_insert(&mut wrong), Err(Error::Invalid { .. })));
}

#[test]
fn the_deepest_document_is_compared_keyed_and_matched() {
    let deep = |inner: i32| (0..98).fold(Bson::Int32(inner), |value, _| Bson::Array(vec![value]));
    let document = doc! { "_id": 1, "a": deep(1) };
    let mut stored = document.clone();
    update::prepare_insert(&mut stored).unwrap();
    assert!(order::compare(&deep(1), &deep(2)).is_lt());
    assert!(key::of(&deep(1)) < key::of(&deep(2)));
    assert!(Filter::compile(&doc! { "a": deep(1) }).unwrap().matches(&document).unwrap());
    assert!(!Filter::compile(&doc! { "a": deep(2) }).unwrap().matches(&document).unwrap());
    let mut deeper = doc! { "_id": 1, "a": Bson::Array(vec![deep(1), Bson::Array(vec![deep(1)])]) };
    assert!(matches!(update::prepare_insert(&mut deeper), Err(Error::Invalid { .. })));
}
