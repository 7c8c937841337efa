//! A component's stack, and the empty workbook that every spreadsheet begins as.

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

fn main() -> Result<(), XlsxError> {
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // 128 KiB: deep JSON and a compressor. A megabyte, the default, every run would pay for.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=131072");
    }
    println!("cargo::rerun-if-changed=build.rs");
    skeleton()
}

/// Everything of a workbook but its rows, which `src/formats/sheet` writes itself, one by one: the library would keep
/// all of them in memory. The styles are numbered in the order of their first use: 1 for titles, 2 for dates.
fn skeleton() -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2026, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_author("Sandglass").set_creation_datetime(&created));
    let sheet = workbook.add_worksheet();
    sheet.set_name("Export")?;
    sheet.write_with_format(0, 0, 1, &Format::new().set_bold())?;
    sheet.write_with_format(1, 0, 1, &Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"))?;
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    workbook.save(Path::new(&folder).join("skeleton.xlsx"))
}
