//! The contract as Rust: made from `wit/`, never by hand.

wasmtime::component::bindgen!({
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
    imports: {
        "sandglass:base/execution.wait": async | trappable,
        "sandglass:base": trappable,
        "sandglass:http/client.[method]response.status": trappable,
        "sandglass:http/client.[method]response.headers": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    trappable_error_type: { "sandglass:base/types.error" => crate::sandbox::host::Refusal },
    with: {
        "sandglass:documents/read.collection": crate::capabilities::documents::Collection,
        "sandglass:documents/read.cursor": crate::capabilities::documents::Cursor,
        "sandglass:documents/read.raw-cursor": crate::capabilities::documents::RawCursor,
        "sandglass:files/read.folder": crate::capabilities::files::Folder,
        "sandglass:files/write.writer": crate::capabilities::files::Writer,
        "sandglass:secrets/store.secret": crate::capabilities::secrets::SecretHandle,
        "sandglass:http/client.response": crate::capabilities::http::Response,
    },
});
