//! Pages for what cannot be shown: a refused request, a missing page, a failure of a service.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::console::pages::{Shell, render};
use crate::console::security::Refusal;
use crate::console::state::{Console, Shared};
use crate::console::text::Text;
use crate::failure::Failure;

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage {
    shell: Shell,
    heading: String,
    message: Text,
    causes: Vec<Text>,
    next: Text,
}

#[derive(Template)]
#[template(path = "console/welcome.html")]
struct WelcomePage {
    shell: Shell,
}

/// Returns the page of a refused request.
pub(crate) fn refused_page(console: &Console, refusal: Refusal) -> Response {
    let next = match refusal {
        Refusal::Host => "open the address that `inlet console` printed, as it is",
        Refusal::CrossSite => "open the page in a tab of the console",
        Refusal::Method => "use the console's own pages",
        Refusal::Form => "go back, reload the page and try again",
        Refusal::NoSession | Refusal::Token => {
            "the address that `inlet console` printed works once: use the browser in which you opened it, or end the \
             command with Ctrl-C and start it again"
        }
    };
    let page = ErrorPage {
        shell: Shell::closed("Not allowed"),
        heading: "Not allowed".to_owned(),
        message: Text::line(&refusal.to_string()),
        causes: Vec::new(),
        next: Text::line(next),
    };
    let _ = console;
    render(status_of(refusal), &page)
}

/// Returns the page behind the printed address. It leads to the overview from the console's own page: after a
/// redirect from another site, the browser would not send the new cookie.
pub(crate) fn welcome_page(console: &Console) -> Response {
    let _ = console;
    render(StatusCode::OK, &WelcomePage { shell: Shell::closed("Signed in") })
}

/// Returns the page of a failure.
pub(crate) fn failure_page(console: &Console, failure: &Failure) -> Response {
    let (status, heading) = match failure {
        Failure::NotFound { .. } => (StatusCode::NOT_FOUND, "Not found"),
        Failure::Unusable { .. } => (StatusCode::BAD_REQUEST, "Invalid request"),
        _ => (StatusCode::BAD_GATEWAY, "This could not be read"),
    };
    let page = ErrorPage {
        shell: Shell::new(console, "", heading),
        heading: heading.to_owned(),
        message: Text::line(&failure.to_string()),
        causes: failure.causes().iter().map(|cause| Text::line(cause)).collect(),
        next: Text::line(&failure.hint(&console.deployment.options)),
    };
    render(status, &page)
}

/// Responds to an address without a page.
pub(crate) async fn not_found(State(console): State<Shared>, uri: axum::http::Uri) -> Response {
    let is_action = uri.path().starts_with("/actions/");
    let (status, message, next) = if is_action && !console.allow_write {
        (
            StatusCode::FORBIDDEN,
            "this console is read-only",
            format!("start it with `{} console --allow-write` to get its actions", console.deployment.inlet),
        )
    } else {
        (StatusCode::NOT_FOUND, "there is no such page", "choose a page in the navigation".to_owned())
    };
    let heading = if status == StatusCode::FORBIDDEN { "Not allowed" } else { "Not found" };
    let page = ErrorPage {
        shell: Shell::new(&console, "", heading),
        heading: heading.to_owned(),
        message: Text::line(message),
        causes: Vec::new(),
        next: Text::line(&next),
    };
    render(status, &page)
}

/// Returns the status of a refusal.
fn status_of(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::Host => StatusCode::MISDIRECTED_REQUEST,
        Refusal::CrossSite | Refusal::Form => StatusCode::FORBIDDEN,
        Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::NoSession | Refusal::Token => StatusCode::UNAUTHORIZED,
    }
}
