//! Components written by hand, an instruction at a time: what no honest toolchain makes.
//!
//! A core module in WebAssembly's text format gets the contract's types from `wit/` and becomes a component, as any
//! toolchain does it. Its answers lie ready in memory in the layout of the canonical ABI.
#![expect(clippy::unwrap_used, reason = "only tests use this file; a failure here is a failed test")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const PACKAGES: [&str; 8] = ["base", "documents", "secrets", "http", "email", "files", "insight", "template"];
/// Where answers begin; what is below is the stack's and nobody's.
const DATA: u32 = 1_024;

/// The folder of the contract, for whichever crate this file is compiled in.
fn contract() -> PathBuf {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("wit"));
    wit.into_iter().find(|wit| wit.join("released.txt").exists()).expect("a checkout holds the contract")
}

/// Parts of a component. Bodies are instructions that leave the address of an answer.
pub struct Crafted {
    /// Imports of the core module: `(import "sandglass:base/clock@0.1.0" "now" (func $now (param i32)))`.
    pub imports: String,
    /// Further functions, globals and tables.
    pub items: String,
    pub describe: String,
    pub schema: String,
    pub validate: String,
    pub execute: String,
    /// Pages of memory at the start.
    pub pages: u32,
    /// The version of the contract in `wit/` is replaced by this.
    pub version: &'static str,
    /// Packages of somebody else that the world imports: `(WIT text, interfaces)`.
    pub foreign: Vec<(&'static str, &'static [&'static str])>,
    memory: Vec<u8>,
}

impl Crafted {
    /// A template that behaves: no needs, any parameters, `done`.
    pub fn new(name: &str) -> Self {
        let mut crafted = Self {
            imports: String::new(),
            items: String::new(),
            describe: String::new(),
            schema: String::new(),
            validate: String::new(),
            execute: String::new(),
            pages: 17,
            version: "0.1.0",
            foreign: Vec::new(),
            memory: Vec::new(),
        };
        crafted.describe = crafted.metadata(name, &[]);
        crafted.schema = crafted.schema_text(r#"{"type":"object"}"#);
        crafted.validate = crafted.no_problems();
        crafted.execute = crafted.success("done");
        crafted
    }

    fn place(&mut self, bytes: &[u8]) -> u32 {
        self.memory.resize(self.memory.len().next_multiple_of(8), 0);
        let address = DATA + u32::try_from(self.memory.len()).unwrap();
        self.memory.extend_from_slice(bytes);
        address
    }

    fn text(&mut self, text: &str) -> [u32; 2] {
        [self.place(text.as_bytes()), u32::try_from(text.len()).unwrap()]
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The answer of `describe`; a need is `(capability, target, access)`.
    pub fn metadata(&mut self, name: &str, needs: &[(&str, &str, &str)]) -> String {
        let mut records = Vec::new();
        for (capability, target, access) in needs {
            let texts = [capability, target, access, &"because"].map(|text| self.text(text)).concat();
            records.extend(Self::words(&[&texts[..], &[0, 0, 0, 0]].concat()));
        }
        let needs = [self.place(&records), u32::try_from(needs.len()).unwrap()];
        let texts = [name, "1.0.0", "Crafted", "By hand.", "x", "Tests"].map(|text| self.text(text)).concat();
        let rest = [[0, 0], needs, [0, 0], [0, 0], [0, 0], [0, 0]].concat();
        let address = self.place(&Self::words(&[texts, rest].concat()));
        format!("i32.const {address}")
    }

    pub fn schema_text(&mut self, schema: &str) -> String {
        let text = self.text(schema);
        let address = self.place(&Self::words(&text));
        format!("i32.const {address}")
    }

    pub fn no_problems(&mut self) -> String {
        let address = self.place(&[0; 12]);
        format!("i32.const {address}")
    }

    /// The answer of `execute`: a success with this message.
    pub fn success(&mut self, message: &str) -> String {
        let (message, details) = (self.text(message), self.text("{}"));
        let head = [[0, 0], message, details].concat();
        let address = self.place(&Self::words(&[&head[..], &[0; 12]].concat()));
        format!("i32.const {address}")
    }

    /// As [`success`](Self::success), with what `value` leaves (an i64) as the number of records processed.
    pub fn success_with(&mut self, value: &str) -> String {
        let answer = self.success("done");
        // Behind the discriminant (8 bytes) and two texts (16).
        format!("{answer} i32.const 24 i32.add {value} i64.store {answer}")
    }

    /// Memory that bodies may write to.
    pub fn scratch(&mut self, size: usize) -> u32 {
        let zeroes = vec![0; size];
        self.place(&zeroes)
    }

    /// The core module as text.
    fn module(&self) -> String {
        let mut data = String::new();
        for byte in &self.memory {
            write!(data, "\\{byte:02x}").unwrap();
        }
        let Self { imports, items, describe, schema, validate, execute, version, .. } = self;
        let heap = DATA as usize + self.memory.len().next_multiple_of(16);
        let pages = self.pages.max(u32::try_from(heap / 65_536 + 2).unwrap());
        format!(
            r#"(module
              {imports}
              (memory (export "memory") {pages})
              (global $heap (mut i32) (i32.const {heap}))
              (data (i32.const {DATA}) "{data}")
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
                (global.set $heap (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
              {items}
              (func $describe (export "sandglass:template/definition@{version}#describe") (result i32) {describe})
              (func (export "sandglass:template/definition@{version}#schema") (result i32) {schema})
              (func (export "sandglass:template/definition@{version}#validate") (param i32 i32) (result i32) {validate})
              (func $execute (export "sandglass:template/job@{version}#execute") (param i32 i32) (result i32) {execute})
            )"#
        )
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.module()).unwrap_or_else(|error| panic!("{error}"));
        let (resolve, world) = self.world();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().encode().unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn world(&self) -> (Resolve, wit_parser::WorldId) {
        let copy = tempfile::tempdir().unwrap();
        let mut resolve = Resolve::default();
        let mut packages = Vec::new();
        let mut imports = String::new();
        for (text, interfaces) in &self.foreign {
            packages.push(resolve.push_str("foreign.wit", text).unwrap());
            for interface in *interfaces {
                writeln!(imports, "    import {interface};").unwrap();
            }
        }
        for package in PACKAGES {
            let folder = copy.path().join(package);
            std::fs::create_dir(&folder).unwrap();
            let from = contract().join(package);
            for entry in std::fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                let text =
                    std::fs::read_to_string(entry.path()).unwrap().replace("@0.1.0", &format!("@{}", self.version));
                let text = text.replace("    include minimal;", &format!("    include minimal;\n{imports}"));
                std::fs::write(folder.join(entry.file_name()), text).unwrap();
            }
            packages.push(resolve.push_path(&folder).unwrap().0);
        }
        let world = resolve.select_world(&packages, Some(&format!("sandglass:template/full@{}", self.version)));
        (resolve, world.unwrap())
    }
}
