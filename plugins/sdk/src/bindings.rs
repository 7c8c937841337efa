//! What wit-bindgen makes of the contract. Natively only its records are of use: its functions would panic, and
//! the fakes stand in for them.

wit_bindgen::generate!({
    path: [
        "../../wit/base",
        "../../wit/documents",
        "../../wit/secrets",
        "../../wit/http",
        "../../wit/email",
        "../../wit/files",
        "../../wit/insight",
        "../../wit/template",
    ],
    world: "sandglass:template/full",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "sandglass_sdk::bindings",
});
