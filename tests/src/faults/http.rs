//! HTTP/1.1 on loopback, both sides of it: a server whose handler may close the connection, and one request.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A response, whole or broken off.
pub type Reply = Response<BoxBody<Bytes, io::Error>>;

/// The connection is closed without a response.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
pub struct Closed;

/// A server; it ends with its connections when it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Its address.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves every request by `handler` on a free port of loopback.
    pub async fn start<H, F>(handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Reply, Closed>> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, task: tokio::spawn(accept(listener, handler)) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Reply, Closed>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let handler = handler.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let handler = handler.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
                handler(Request::from_parts(head, body)).await
            }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move { drop(connection.await) });
        while connections.try_join_next().is_some() {}
    }
}

/// The reason that a request has no response.
#[derive(Debug, thiserror::Error)]
pub enum NoResponse {
    /// There is no connection.
    #[error("no connection")]
    Connect(#[source] io::Error),
    /// It broke.
    #[error("no response")]
    Http(#[from] hyper::Error),
}

/// Sends one request on a connection of its own.
///
/// # Errors
/// [`NoResponse`] if there is no complete response.
pub async fn send(to: SocketAddr, request: Request<Bytes>) -> Result<Response<Bytes>, NoResponse> {
    let stream = TcpStream::connect(to).await.map_err(NoResponse::Connect)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}

/// Returns a response's bytes as a reply.
pub fn whole(response: Response<Bytes>) -> Reply {
    let mut reply = response.map(|body| Full::new(body).map_err(never).boxed());
    for name in ["transfer-encoding", "content-length", "connection"] {
        reply.headers_mut().remove(name);
    }
    reply
}

/// Returns the reply, broken off after half of its body.
pub fn broken_off(response: Response<Bytes>) -> Reply {
    let announced = response.body().len().max(2);
    let half = response.body().slice(..response.body().len() / 2);
    let mut reply = whole(response).map(|_| BrokenOff(Some(half)).boxed());
    reply.headers_mut().insert("content-length", announced.into());
    reply
}

/// Returns a body of which this much arrives, and then an error.
struct BrokenOff(Option<Bytes>);

impl Body for BrokenOff {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = self.0.take().map(Frame::data);
        Poll::Ready(Some(frame.ok_or_else(|| io::Error::other("broken off on purpose"))))
    }
}

fn never(never: Infallible) -> io::Error {
    match never {}
}
