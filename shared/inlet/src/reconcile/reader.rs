//! The reader of a provider's API: sends each request within the limit, and reads the response.

use std::future::Future;
use std::time::Duration;

use super::fetched::Fetched;
use super::observation::{Observation, RequestLimit, Then};
use super::request::Request;
use super::request_limiter::RequestLimiter;
use super::response::{Failure, Response, Token};
use super::source::Source;
use crate::fault::Fault;
use crate::received_at::ReceivedAt;

/// The port to a provider's API, with the clock.
pub trait Api {
    /// Returns the time.
    fn now(&self) -> ReceivedAt;

    /// Sends a request and returns the response, whatever its status. Redirects are not followed.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Response, Fault>> + Send;

    /// Waits.
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The reason that an API could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The API returned no usable response.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// There was no response.
    #[error("the provider's API does not respond: {}", .0.chain())]
    NoResponse(Fault),
    /// The list has more pages than a run reads.
    #[error("the list has more than {MOST_PAGES} pages")]
    TooLong,
}

/// The pages of one list that a run reads: at 100 objects a page, a million objects. A list that returns ever new ids
/// would be read for ever.
pub(super) const MOST_PAGES: u32 = 10_000;

/// The number of times that a request is repeated after no response, a 5xx, or a refusal for too many requests.
const REPEATS: u32 = 3;

/// The wait before the first repeat, which doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait that a provider may ask for. A longer one ends the run: the window stays unknown.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The age at which a token is replaced before its end.
const EARLY: Duration = Duration::from_mins(1);

/// A session with one store's API: its rate limiter and its token. Consecutive runs share it, so that all of them
/// together stay within the limit. Stores of one account share the limiter alone: [`Session::for_next_store`].
#[derive(Debug)]
pub struct Session {
    limiter: RequestLimiter,
    token: Option<(Token, ReceivedAt)>,
}

impl Session {
    /// Begins without a request.
    pub fn new(limit: RequestLimit) -> Self {
        Self { limiter: RequestLimiter::new(limit), token: None }
    }

    /// Returns the session with another store of the same account: the requests so far count, and the token is not used
    /// with another access.
    #[must_use]
    pub fn for_next_store(self) -> Self {
        Self { token: None, ..self }
    }
}

/// The reader of one store's API.
pub(super) struct Reader<'a, S: Source, A> {
    api: &'a A,
    access: &'a S::Access,
    session: &'a mut Session,
    /// The number of requests of the session before this reader.
    before: u64,
}

/// A page, with its observations as fetched.
pub(super) struct FetchedPage<S: Source> {
    pub(super) observations: Vec<Fetched<S>>,
    pub(super) then: Then<S::Walk>,
}

/// The result of reading a whole object.
pub(super) enum Detail<S: Source> {
    /// The object.
    Whole(Box<Fetched<S>>),
    /// The API has no such request: the item of the list is the whole object.
    NoRequest,
    /// The object exists no more.
    Gone,
}

impl<'a, S: Source, A: Api + Sync> Reader<'a, S, A> {
    pub(super) fn new(api: &'a A, access: &'a S::Access, session: &'a mut Session) -> Self {
        let before = session.limiter.total();
        Self { api, access, session, before }
    }

    /// Returns the number of requests that this reader sent.
    pub(super) fn requests(&self) -> u64 {
        self.session.limiter.total().saturating_sub(self.before)
    }

    /// Reads the page that a walk has reached.
    pub(super) async fn page(&mut self, walk: &S::Walk) -> Result<FetchedPage<S>, Unread> {
        let request = |access: &S::Access, token: Option<&Token>| Some(S::next(walk, access, token));
        let Some((page, at)) = self.read(request, |response| S::read(walk, response)).await? else {
            return Err(Failure::NotFound.into());
        };
        let observations = page.observations.into_iter().map(|observed| Fetched::new(observed, at));
        Ok(FetchedPage { observations: observations.collect(), then: page.then })
    }

    /// Reads the whole object of an observation.
    pub(super) async fn detail(&mut self, observed: &Observation) -> Result<Detail<S>, Unread> {
        let request = |access: &S::Access, token: Option<&Token>| S::detail(observed, access, token);
        match self.read(request, |response| S::read_detail(observed, response)).await {
            Ok(Some((whole, at))) => Ok(Detail::Whole(Box::new(Fetched::new(whole, at)))),
            Ok(None) => Ok(Detail::NoRequest),
            // It was deleted after the list was read.
            Err(Unread::Failure(Failure::NotFound)) => Ok(Detail::Gone),
            Err(unread) => Err(unread),
        }
    }

    /// Sends a request and reads the response. Repeats it where that can help: a token that is refused is replaced
    /// once, and a provider that fails or refuses for too many requests gets time.
    async fn read<T>(
        &mut self,
        request: impl Fn(&S::Access, Option<&Token>) -> Option<Request>,
        read: impl Fn(&Response) -> Result<T, Failure>,
    ) -> Result<Option<(T, ReceivedAt)>, Unread> {
        let (mut wait, mut repeats, mut has_new_token) = (FIRST_WAIT, 0, false);
        loop {
            has_new_token |= self.renew_token().await?;
            let token = self.session.token.as_ref().map(|(token, _)| token);
            let Some(request) = request(self.access, token) else { return Ok(None) };
            let failed = match self.send(&request).await {
                Ok((response, at)) => match read(&response) {
                    Ok(value) => return Ok(Some((value, at))),
                    Err(failure) => Unread::Failure(failure),
                },
                Err(fault) => Unread::NoResponse(fault),
            };
            let pause = match &failed {
                // The token may have been revoked.
                Unread::Failure(Failure::Unauthorized { .. })
                    if self.session.token.is_some() && !has_new_token =>
                {
                    self.session.token = None;
                    Duration::ZERO
                }
                Unread::Failure(Failure::RateLimited { retry_after }) => {
                    retry_after.unwrap_or(S::LIMIT.every)
                }
                Unread::Failure(Failure::Unavailable { .. }) | Unread::NoResponse(_) => wait,
                _ => return Err(failed),
            };
            if repeats == REPEATS || pause > LONGEST_WAIT {
                return Err(failed);
            }
            repeats = repeats.saturating_add(1);
            wait = wait.saturating_mul(2);
            self.api.pause(pause).await;
        }
    }

    /// Asks for a token if the API needs one and there is none that is valid. Returns true if it did.
    async fn renew_token(&mut self) -> Result<bool, Unread> {
        let is_valid = |(token, since): &(Token, ReceivedAt)| {
            token
                .lifetime
                .is_none_or(|lifetime| self.api.now().since(*since).saturating_add(EARLY) < lifetime)
        };
        if self.session.token.as_ref().is_some_and(is_valid) {
            return Ok(false);
        }
        let Some(request) = S::token_request(self.access) else { return Ok(false) };
        let (response, at) = self.send(&request).await.map_err(Unread::NoResponse)?;
        self.session.token = Some((S::read_token(&response)?, at));
        Ok(true)
    }

    /// Sends a request within the limit. Returns the response and its time.
    async fn send(&mut self, request: &Request) -> Result<(Response, ReceivedAt), Fault> {
        let wait = self.session.limiter.delay(self.api.now());
        if !wait.is_zero() {
            self.api.pause(wait).await;
        }
        self.session.limiter.record(self.api.now());
        let response = self.api.send(request).await?;
        Ok((response, self.api.now()))
    }

    /// Waits.
    pub(super) async fn pause(&self, time: Duration) {
        if !time.is_zero() {
            self.api.pause(time).await;
        }
    }

    /// Returns the time.
    pub(super) fn now(&self) -> ReceivedAt {
        self.api.now()
    }
}
