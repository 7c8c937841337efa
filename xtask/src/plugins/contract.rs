//! The contract in `wit/` holds together: it parses, its packages stand in the stated order, and every item is
//! explained. Tests only; the bindings of host and guests read the files on their own.

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::plugins::PACKAGES;
    use wit_parser::{PackageId, Resolve, TypeDefKind};

    fn contract() -> (Resolve, Vec<PackageId>) {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("wit");
        let mut resolve = Resolve::default();
        let packages = PACKAGES.map(|package| resolve.push_path(wit.join(package)).unwrap().0).to_vec();
        (resolve, packages)
    }

    fn interfaces_of(world: &str) -> (Vec<String>, Vec<String>) {
        let (resolve, packages) = contract();
        let world = resolve.select_world(&packages, Some(&format!("sandglass:template/{world}"))).unwrap();
        let world = &resolve.worlds[world];
        let names = |items: &mut dyn Iterator<Item = &wit_parser::WorldKey>| {
            items.map(|key| resolve.name_world_key(key)).collect::<Vec<_>>()
        };
        (names(&mut world.imports.keys()), names(&mut world.exports.keys()))
    }

    const EXPORTS: [&str; 2] = ["sandglass:template/definition@0.1.0", "sandglass:template/job@0.1.0"];

    #[test]
    fn the_minimal_world_reaches_nothing() {
        let (imports, exports) = interfaces_of("minimal");
        assert!(imports.iter().all(|name| name.starts_with("sandglass:base/")), "{imports:?}");
        assert_eq!(exports, EXPORTS);
    }

    #[test]
    fn the_full_world_has_every_interface() {
        let (imports, exports) = interfaces_of("full");
        let (resolve, _) = contract();
        let all = resolve.interfaces.iter().map(|(id, _)| resolve.id_of(id).unwrap());
        let missing = all.filter(|name| !imports.contains(name) && !exports.contains(name)).collect::<Vec<_>>();
        assert_eq!(missing, [""; 0]);
        assert_eq!(exports, EXPORTS);
    }

    #[test]
    fn every_item_says_what_it_is() {
        let (resolve, _) = contract();
        let mut silent = Vec::new();
        let mut note = |what: String, docs: &wit_parser::Docs| {
            if docs.is_empty() {
                silent.push(what);
            }
        };
        for (id, interface) in resolve.interfaces.iter() {
            let name = resolve.id_of(id).unwrap();
            note(name.clone(), &interface.docs);
            for (function, item) in &interface.functions {
                note(format!("{name} {function}"), &item.docs);
            }
            for (type_name, type_id) in &interface.types {
                let item = &resolve.types[*type_id];
                let within = format!("{name} {type_name}");
                match &item.kind {
                    // `use other.{thing}`: explained where it is defined.
                    TypeDefKind::Type(wit_parser::Type::Id(_)) => continue,
                    TypeDefKind::Record(record) => {
                        record.fields.iter().for_each(|field| note(format!("{within}.{}", field.name), &field.docs));
                    }
                    TypeDefKind::Enum(list) => {
                        list.cases.iter().for_each(|case| note(format!("{within}.{}", case.name), &case.docs));
                    }
                    TypeDefKind::Variant(list) => {
                        list.cases.iter().for_each(|case| note(format!("{within}.{}", case.name), &case.docs));
                    }
                    _ => {}
                }
                note(within, &item.docs);
            }
        }
        assert_eq!(silent, [""; 0]);
    }
}
