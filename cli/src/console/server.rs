//! The listener of the console, its routes, and the middleware in front of them.

use std::future::IntoFuture as _;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderName, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use inlet::request::{Fields, Plus};
use tokio::net::TcpListener;

use crate::console::pages;
use crate::console::pages::error::{refused_page, welcome_page};
use crate::console::security::{AccessGuard, Refusal, add_headers};
use crate::console::state::{Console, Shared};
use crate::deployment::Deployment;
use crate::failure::Failure;

/// Maximum length of a posted form, in bytes: a page of selected events has less than a tenth of it.
const MAX_FORM_LEN: usize = 256 * 1024;

/// The style, the script and the icon: everything that a page loads.
const ASSETS: [(&str, &str, &str); 3] = [
    ("/assets/console.css", "text/css; charset=utf-8", include_str!("assets/console.css")),
    ("/assets/console.js", "text/javascript; charset=utf-8", include_str!("assets/console.js")),
    ("/assets/icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

/// A console that listens and does not respond yet.
pub(crate) struct Listening {
    listener: TcpListener,
    console: Shared,
    /// The address with the token.
    pub(crate) url: String,
}

impl Listening {
    /// Listens on a port of loopback: a free one if none is given.
    ///
    /// # Errors
    /// If the port is taken.
    pub(crate) async fn bind(
        deployment: Deployment,
        port: Option<u16>,
        allow_write: bool,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await;
        let listener = listener.map_err(|error| Failure::Unusable {
            what: format!("the console cannot listen on port {}: {error}", port.unwrap_or(0)),
            next: "give another --port, or none for a free one".to_owned(),
        })?;
        let port = listener.local_addr()?.port();
        let (guard, token) = AccessGuard::new(port);
        let console = Console::new(deployment, guard, allow_write);
        Ok(Self {
            listener,
            console: Arc::new(console),
            url: format!("http://127.0.0.1:{port}/?token={token}"),
        })
    }

    /// Serves requests until `stopped` completes. Returns the console, whose actions may still run.
    ///
    /// # Errors
    /// If the listener fails.
    pub(crate) async fn serve(
        self,
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Shared, Failure> {
        let routes = routes(&self.console);
        // Connections that a browser keeps open do not delay the end.
        let serving = axum::serve(self.listener, routes).into_future();
        tokio::select! {
            ended = serving => ended?,
            () = stopped => {}
        }
        Ok(self.console)
    }
}

/// Returns all routes. Without --allow-write no route of an action exists.
fn routes(console: &Shared) -> Router {
    let mut routes = Router::new()
        .route("/", get(pages::overview::show))
        .route("/events", get(pages::events::show))
        .route("/event", get(pages::event::show))
        .route("/entity", get(pages::entity::show))
        .route("/quarantine", get(pages::quarantine::show))
        .route("/quarantined", get(pages::quarantine::show_one))
        .route("/dead-letters", get(pages::dead_letters::show))
        .route("/stores", get(pages::stores::show));
    if console.allow_write {
        routes = routes
            .route("/actions/replay", post(pages::actions::replay))
            .route("/actions/redrive", post(pages::actions::redrive))
            .route("/actions/reverify", post(pages::actions::reverify))
            .route("/actions/forget", post(pages::actions::forget))
            .route("/actions/run", post(pages::actions::run))
            .route("/actions/job", get(pages::actions::job));
    }
    for (path, kind, content) in ASSETS {
        let asset = move || async move {
            let kind = (CONTENT_TYPE, HeaderValue::from_static(kind));
            // The same bytes for as long as the console runs.
            let kept = (HeaderName::from_static("cache-control"), HeaderValue::from_static("max-age=600"));
            ([kind, kept], content)
        };
        routes = routes.route(path, get(asset));
    }
    routes
        .fallback(pages::error::not_found)
        .layer(from_fn_with_state(Arc::clone(console), guard))
        .with_state(Arc::clone(console))
}

/// Checks the origin and the session of a request, and adds the headers of every response.
async fn guard(State(console): State<Shared>, request: Request, next: Next) -> Response {
    let is_asset = ASSETS.iter().any(|(path, ..)| request.uri().path() == *path);
    let mut response = match authorize(&console, request).await {
        Ok(Authorized::Request(request)) => next.run(request).await,
        Ok(Authorized::Entered(response)) => response,
        Err(refusal) => refused_page(&console, refusal),
    };
    let kept = response.headers().get("cache-control").cloned().filter(|_| is_asset);
    add_headers(response.headers_mut());
    if let Some(kept) = kept {
        response.headers_mut().insert("cache-control", kept);
    }
    response
}

/// A request that may pass.
enum Authorized {
    /// It is from a page of the session.
    Request(Request),
    /// It exchanged the token of the printed address.
    Entered(Response),
}

async fn authorize(console: &Console, request: Request) -> Result<Authorized, Refusal> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let query = Fields::parse(uri.query().unwrap_or_default().as_bytes(), Plus::Space);
    let token = query.value("token").filter(|_| uri.path() == "/" && method == Method::GET);
    console.guard.check_origin(&method, &uri, request.headers(), token.is_some())?;
    if ASSETS.iter().any(|(path, ..)| uri.path() == *path) && method != Method::POST {
        return Ok(Authorized::Request(request));
    }
    let session = console.guard.check_session(request.headers());
    if let Some(token) = token {
        // A reload of the printed address in the same browser needs no second exchange.
        if session.is_ok() {
            return Ok(Authorized::Entered(welcome_page(console)));
        }
        let cookie = console.guard.exchange(&token)?;
        let mut response = welcome_page(console);
        response.headers_mut().insert(cookie.0, cookie.1);
        return Ok(Authorized::Entered(response));
    }
    session?;
    if method != Method::POST {
        return Ok(Authorized::Request(request));
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_FORM_LEN).await.map_err(|_| Refusal::Form)?;
    console.guard.check_form(&body)?;
    Ok(Authorized::Request(Request::from_parts(parts, Body::from(body))))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    const PAGES: [&str; 8] =
        ["/", "/events", "/event", "/entity", "/quarantine", "/quarantined", "/dead-letters", "/stores"];
    const ACTIONS: [&str; 5] =
        ["/actions/replay", "/actions/redrive", "/actions/reverify", "/actions/forget", "/actions/run"];

    /// A console in front of a deployment that does not respond.
    struct Running {
        port: u16,
        token: String,
        form_token: String,
    }

    impl Running {
        async fn start(allow_write: bool) -> Self {
            let listening = Listening::bind(Deployment::unreachable(), None, allow_write).await.unwrap();
            let (address, token) = listening.url.split_once("/?token=").unwrap();
            let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
            let (token, form_token) = (token.to_owned(), listening.console.guard.form_token().to_owned());
            tokio::spawn(listening.serve(std::future::pending()));
            Self { port, token, form_token }
        }

        /// Sends a request with these headers and returns the response as text.
        async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> String {
            let length = body.len();
            let head = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n");
            let headers: Vec<String> =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let text = head + &headers.concat();
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
            stream.write_all(format!("{text}\r\n{body}").as_bytes()).await.unwrap();
            let mut response = Vec::new();
            stream.read_to_end(&mut response).await.unwrap();
            String::from_utf8(response).unwrap()
        }

        fn host(&self) -> String {
            format!("127.0.0.1:{}", self.port)
        }

        async fn get(&self, path: &str, cookie: &str) -> String {
            let host = self.host();
            self.send(&format!("GET {path}"), &[("Host", &host), ("Cookie", cookie)], "").await
        }

        async fn post(&self, path: &str, cookie: &str, body: &str) -> String {
            let (host, origin) = (self.host(), format!("http://{}", self.host()));
            let headers = [("Host", host.as_str()), ("Cookie", cookie), ("Origin", &origin)];
            self.send(&format!("POST {path}"), &headers, body).await
        }

        /// Exchanges the token and returns the cookie.
        async fn enter(&self) -> String {
            let entered = self.get(&format!("/?token={}", self.token), "").await;
            assert_eq!(status(&entered), 200, "{entered}");
            let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
            cookie.split(';').next().unwrap().to_owned()
        }
    }

    fn status(response: &str) -> u16 {
        response.split(' ').nth(1).unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn no_page_is_shown_without_a_session() {
        let console = Running::start(true).await;
        for path in PAGES.iter().chain(&["/actions/job", "/none", "/?token=", "/?token=wrong"]) {
            let response = console.get(path, "").await;
            assert_eq!(status(&response), 401, "{path}");
            assert!(
                !response.contains("canary") && !response.contains(&console.form_token),
                "{path}: {response}"
            );
        }
        for path in ACTIONS {
            let form = format!("form_token={}", console.form_token);
            assert_eq!(status(&console.post(path, "", &form).await), 401, "{path}");
        }
    }

    #[tokio::test]
    async fn the_printed_address_works_once() {
        let console = Running::start(false).await;
        let cookie = console.enter().await;
        let again = format!("/?token={}", console.token);
        assert_eq!(status(&console.get(&again, "").await), 401, "in another browser");
        let reloaded = console.get(&again, &cookie).await;
        assert_eq!(status(&reloaded), 200, "in the same browser");
        assert!(!reloaded.contains("set-cookie"), "{reloaded}");
        let page = console.get("/", &cookie).await;
        assert_eq!(status(&page), 200);
        assert!(page.contains("canary-stack"), "{page}");
        assert!(!page.contains(&console.token) && !page.contains(cookie.split_once('=').unwrap().1));
    }

    #[tokio::test]
    async fn every_response_has_the_security_headers() {
        let console = Running::start(false).await;
        let cookie = console.enter().await;
        for (path, cookie) in
            [("/", ""), ("/", cookie.as_str()), ("/none", &cookie), ("/assets/console.js", "")]
        {
            let response = console.get(path, cookie).await;
            for header in [
                "content-security-policy: default-src 'none'; ",
                "frame-ancestors 'none'",
                "x-content-type-options: nosniff",
                "referrer-policy: no-referrer",
            ] {
                assert!(response.contains(header), "{path}: {header}: {response}");
            }
            assert_eq!(response.contains("cache-control: no-store"), !path.starts_with("/assets"), "{path}");
            assert!(!response.contains(" style=") && !response.contains("<script>"), "{path}");
        }
    }

    #[tokio::test]
    async fn a_foreign_host_or_origin_is_refused() {
        let console = Running::start(true).await;
        let cookie = console.enter().await;
        let own = console.host();
        for host in ["evil.test", "127.0.0.1:1", "127.0.0.1.nip.io"] {
            let response = console.send("GET /", &[("Host", host), ("Cookie", &cookie)], "").await;
            assert_eq!(status(&response), 421, "{host}");
            assert!(!response.contains("canary"), "{response}");
        }
        let form = format!("form_token={}", console.form_token);
        for (name, value) in [("Origin", "http://evil.test"), ("Origin", "null"), ("X", "no origin")] {
            let headers = [("Host", own.as_str()), ("Cookie", &cookie), (name, value)];
            for path in ACTIONS {
                let response = console.send(&format!("POST {path}"), &headers, &form).await;
                assert_eq!(status(&response), 403, "{path} {name}: {value}");
            }
        }
        let framed = [("Host", own.as_str()), ("Cookie", &cookie), ("Sec-Fetch-Site", "cross-site")];
        assert_eq!(status(&console.send("GET /events", &framed, "").await), 403);
    }

    #[tokio::test]
    async fn a_form_without_its_token_is_refused() {
        let console = Running::start(true).await;
        let cookie = console.enter().await;
        let long = format!("form_token={}&x={}", console.form_token, "x".repeat(MAX_FORM_LEN));
        for path in ACTIONS {
            for form in ["", "form_token=", "form_token=wrong", &long] {
                let response = console.post(path, &cookie, form).await;
                assert_eq!(status(&response), 403, "{path} {}", form.len());
            }
        }
    }

    #[tokio::test]
    async fn a_read_only_console_has_no_action() {
        let console = Running::start(false).await;
        let cookie = console.enter().await;
        let form = format!("form_token={}&path=zid/a/order/1", console.form_token);
        for path in ACTIONS {
            let response = console.post(path, &cookie, &form).await;
            assert_eq!(status(&response), 403, "{path}");
            assert!(response.contains("--allow-write"), "{response}");
        }
        assert_eq!(status(&console.get("/actions/job?number=0", &cookie).await), 403);
    }

    #[tokio::test]
    async fn an_action_is_a_form_and_never_a_link() {
        let console = Running::start(true).await;
        let cookie = console.enter().await;
        for path in ACTIONS {
            let response = console.get(&format!("{path}?form_token={}", console.form_token), &cookie).await;
            assert_eq!(status(&response), 405, "{path}");
        }
        let unknown = format!("form_token={}&plan=unknown", console.form_token);
        assert_eq!(status(&console.post("/actions/run", &cookie, &unknown).await), 400);
    }

    #[tokio::test]
    async fn a_failure_of_aws_is_a_page() {
        let console = Running::start(false).await;
        let cookie = console.enter().await;
        let response = console.get("/dead-letters", &cookie).await;
        assert_eq!(status(&response), 502);
        assert!(
            response.contains("the dead-letter queue cannot be read") && response.contains("Next:"),
            "{response}"
        );
        for (path, want) in [
            ("/event?id=%3Cscript%3E", 400),
            ("/entity?path=%3Cscript%3E", 400),
            ("/events?store=%3Cscript%3E", 400),
            ("/events?since=%3Cscript%3E", 400),
            ("/none%3Cscript%3E", 404),
        ] {
            let response = console.get(path, &cookie).await;
            assert_eq!(status(&response), want, "{path}");
            assert!(!response.contains("<script>"), "{response}");
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_explained() {
        let console = Running::start(false).await;
        let taken = Listening::bind(Deployment::unreachable(), Some(console.port), false).await;
        assert_eq!(taken.err().map(|failure| failure.exit_code()), Some(2));
    }
}
