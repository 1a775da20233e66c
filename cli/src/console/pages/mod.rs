//! The pages: one file each, with what it reads, its view and its template.

pub(crate) mod overview;
pub(crate) mod events;
pub(crate) mod event;
pub(crate) mod entity;
pub(crate) mod quarantine;
pub(crate) mod dead_letters;
pub(crate) mod stores;
pub(crate) mod actions;
pub(crate) mod error;

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::console::state::{Console, html};
use crate::console::text::Text;
use crate::failure::Failure;

/// The parameters of an address.
pub(crate) type Params = HashMap<String, String>;

/// Returns a parameter that is not blank.
fn given<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    params.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// The frame of every page.
pub(crate) struct Shell {
    title: String,
    /// The entry of the navigation that the page belongs to.
    here: &'static str,
    stack: Text,
    stage: Text,
    /// `inlet` with the options that select the deployment: the start of every command on a page.
    inlet: Text,
    allow_write: bool,
    /// False on pages for a browser without a session.
    has_session: bool,
    form_token: String,
}

impl Shell {
    fn new(console: &Console, here: &'static str, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            here,
            stack: Text::line(&console.deployment.stack),
            stage: Text::line(&console.deployment.stage),
            inlet: Text::line(&console.deployment.inlet),
            allow_write: console.allow_write,
            has_session: true,
            form_token: console.guard.form_token().to_owned(),
        }
    }

    /// Returns the frame for a browser without a session: it names no deployment and contains no token.
    fn closed(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            here: "",
            stack: Text::default(),
            stage: Text::default(),
            inlet: Text::default(),
            allow_write: false,
            has_session: false,
            form_token: String::new(),
        }
    }
}

/// Returns the response of a page that was read, or of the failure.
fn respond<T: Template>(console: &Console, page: Result<T, Failure>) -> Response {
    match page {
        Ok(page) => render(StatusCode::OK, &page),
        Err(failure) => error::failure_page(console, &failure),
    }
}

fn render<T: Template>(status: StatusCode, page: &T) -> Response {
    match page.render() {
        Ok(text) => html(status, text),
        // Writing to memory fails only if a value of the page does.
        Err(_) => html(StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be written".to_owned()),
    }
}
