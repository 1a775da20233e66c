//! The console: web pages on loopback that show a deployment, and change it if the command allows it.
//!
//! 1. [`security`]: the access guard. Every request passes it first.
//! 2. [`server`]: the listener, the routes, and the middleware that calls the guard.
//!    [`state`]: what the requests share.
//! 3. [`pages`]: one file per page. A page reads at most one page of the table.
//! 4. [`overview`], [`figures`], [`cache`]: facts that are read in the background.
//! 5. [`work`]: the actions.
//! 6. [`text`], [`chart`]: texts from outside, and charts.
//! 7. [`browser`]: opens the address in the user's browser.
//!
//! The templates are in `cli/templates/console`, which is where askama finds them.

pub(crate) mod security;
pub(crate) mod server;
pub(crate) mod state;
mod pages;
pub(crate) mod work;
pub(crate) mod overview;
pub(crate) mod figures;
mod cache;
mod chart;
mod text;
pub(crate) mod browser;
