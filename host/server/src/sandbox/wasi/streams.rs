//! `wasi:io/streams`: the library's, with a look at what was written after each write, so that a line is in the log when
//! the call that ended it returns.

use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::io::streams::{self, Host, HostInputStream, HostOutputStream};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult};

use crate::sandbox::state::State;

impl State {
    fn handles(&mut self) -> &mut ResourceTable {
        self.called();
        &mut self.table
    }
}

impl Host for State {
    fn convert_stream_error(&mut self, error: StreamError) -> Result<streams::StreamError> {
        Host::convert_stream_error(&mut self.table, error)
    }
}

impl HostInputStream for State {
    fn read(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<Vec<u8>> {
        HostInputStream::read(self.handles(), stream, length)
    }

    async fn blocking_read(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<Vec<u8>> {
        HostInputStream::blocking_read(self.handles(), stream, length).await
    }

    fn skip(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<u64> {
        HostInputStream::skip(self.handles(), stream, length)
    }

    async fn blocking_skip(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<u64> {
        HostInputStream::blocking_skip(self.handles(), stream, length).await
    }

    fn subscribe(&mut self, stream: Resource<DynInputStream>) -> Result<Resource<DynPollable>> {
        HostInputStream::subscribe(self.handles(), stream)
    }

    async fn drop(&mut self, stream: Resource<DynInputStream>) -> Result<()> {
        HostInputStream::drop(&mut self.table, stream).await
    }
}

impl HostOutputStream for State {
    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        HostOutputStream::check_write(self.handles(), stream)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        let written = HostOutputStream::write(self.handles(), stream, bytes);
        self.log_output(false);
        written
    }

    async fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        let written = HostOutputStream::blocking_write_and_flush(self.handles(), stream, bytes).await;
        self.log_output(false);
        written
    }

    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        HostOutputStream::flush(self.handles(), stream)
    }

    async fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        HostOutputStream::blocking_flush(self.handles(), stream).await
    }

    fn subscribe(&mut self, stream: Resource<DynOutputStream>) -> Result<Resource<DynPollable>> {
        HostOutputStream::subscribe(self.handles(), stream)
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, length: u64) -> StreamResult<()> {
        let written = HostOutputStream::write_zeroes(self.handles(), stream, length);
        self.log_output(false);
        written
    }

    async fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        length: u64,
    ) -> StreamResult<()> {
        let written = HostOutputStream::blocking_write_zeroes_and_flush(self.handles(), stream, length).await;
        self.log_output(false);
        written
    }

    fn splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        let moved = HostOutputStream::splice(self.handles(), to, from, length);
        self.log_output(false);
        moved
    }

    async fn blocking_splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        let moved = HostOutputStream::blocking_splice(self.handles(), to, from, length).await;
        self.log_output(false);
        moved
    }

    async fn drop(&mut self, stream: Resource<DynOutputStream>) -> Result<()> {
        HostOutputStream::drop(&mut self.table, stream).await
    }
}
