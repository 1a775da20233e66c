//! Reading a provider's own API, to find what its webhooks never brought. Nothing is sent here, and the clock is an
//! argument.
//!
//! A provider that has a readable API implements [`Source`]. Its lists are read by walks. A walk is a value that can be
//! stored between two requests:
//!
//! 1. [`Source::begin`] returns the walk over the changes of one kind of object in a [`Window`].
//! 2. [`Source::next`] returns the next request of a walk.
//! 3. The caller sends it and passes the [`Response`] to [`Source::read`], which returns the [`Observation`]s of the
//!    page and the next step.
//! 4. The walk ends with a [`Coverage`], which says whether everything in the window was seen.
//!
//! [`reconcile`] does all of it for one kind of object: it reads, compares each observation with the events of its
//! entity ([`judge`]), and gives what they lack to the [`EventLog`] as an event.
//!
//! [`find_absent`] finds objects that have events and that the provider's list no longer contains.

mod request;
mod response;
mod observation;
mod pages;
mod source;
pub(crate) mod fetched;
mod request_limiter;
mod reader;
mod history;
mod judge;
mod run;
mod absence;

pub use absence::{Deletions, EntityLog, KnownEntity, Listed, NoAbsence, find_absent, is_deletion};
pub use fetched::{Fetched, Missed, OBSERVED, ObservedEvent};
pub use history::{EntityHistory, EventLog, Publication, Published};
pub use judge::{CLOCK_SKEW, EXPIRY_MARGIN, Judgement, Verdict, judge};
pub use observation::{Change, Comparison, Coverage, Observation, Page, RequestLimit, Then, Window};
pub use pages::{NumberedPages, PageLimits};
pub use reader::{Api, Session, Unread};
pub use request::{HeaderValue, Method, Request};
pub use request_limiter::RequestLimiter;
pub use response::{Failure, Response, Token};
pub use run::{Counts, Details, MissedEntity, Outcome, Place, Run, reconcile, reconcile_from};
pub use source::{Source, SourceVisitor};
