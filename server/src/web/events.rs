//! `GET /events`: what is new, told while a page is open (server-sent events, the HTML standard,
//! section 9.2).
//!
//! A stream is for one session: it ends with it, with the server, and asks for nothing but whether
//! anything has changed. It is no use of the session (ADR 12).

use std::{
    collections::{HashMap, hash_map::Entry},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::rpc::{context::Caller, cookies::read};
use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use domain::error::Error;
use futures_util::{Stream, StreamExt, stream};
use service::{Origin, Services, tickets::News};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::contexts;
use crate::{AppState, failure::Failure};

/// Its address.
pub(crate) const PATH: &str = "/events";
/// How often is looked whether anything has changed.
const BEAT: Duration = Duration::from_secs(2);
/// How many beats may pass without a word: a proxy ends what is silent for long, and whether the
/// session still holds is asked again.
const QUIET_BEATS: u32 = 7;
/// How many streams a session may have: a browser has one for each page that is seen.
const MOST: usize = 4;
/// What is said when the session has ended.
const END: &str = "end";
/// For a proxy that would gather the answer first (nginx).
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The streams of this server. Every clone is the same.
#[derive(Debug, Clone)]
pub struct Streams {
    beat: Duration,
    stop: Arc<watch::Sender<bool>>,
    /// How many each session has.
    open: Arc<Mutex<HashMap<String, usize>>>,
    /// When was looked, and what was found: for all streams.
    seen: Arc<tokio::sync::Mutex<Option<(Instant, String)>>>,
}

impl Default for Streams {
    fn default() -> Self {
        Self::every(BEAT)
    }
}

impl Streams {
    /// That look so often.
    pub fn every(beat: Duration) -> Self {
        Self {
            beat,
            stop: Arc::new(watch::Sender::new(false)),
            open: Arc::default(),
            seen: Arc::default(),
        }
    }

    /// Ends them all, and those that would still begin.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Whether they have been ended.
    fn stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// One more of a session. `None`: it has enough.
    fn admit(&self, session: &str) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(session.to_owned()).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        Some(Place {
            session: session.to_owned(),
            open: self.open.clone(),
        })
    }

    /// The heights of the audit chains, asked for at most once a beat however many streams there
    /// are.
    async fn heights(&self, services: &Services) -> Result<String, Error> {
        let mut seen = self.seen.lock().await;
        if let Some((at, heights)) = &*seen
            && at.elapsed() < self.beat / 2
        {
            return Ok(heights.clone());
        }
        let heights = services.heights().await?;
        *seen = Some((Instant::now(), heights.clone()));
        Ok(heights)
    }
}

/// A stream's place among those of its session, until it ends.
#[derive(Debug)]
struct Place {
    session: String,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(std::mem::take(&mut self.session)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Answers with a stream of what is new for whoever is signed in. A page whose session has ended
/// meanwhile is told just that: a refusal would be a fault in the browser's eyes.
pub(super) fn answer(state: AppState, request: &Request) -> Response {
    match Watch::begin(state, request) {
        Ok(watch) => sent(stream::unfold(watch, |mut watch| async move {
            let event = watch.next().await?;
            Some((event, watch))
        })),
        Err(Error::Unauthenticated) => sent(stream::iter([end()])),
        Err(error) => Failure::Domain(error).into_response(),
    }
}

fn sent(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let headers = [
        (UNBUFFERED, HeaderValue::from_static("no")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Sse::new(events.map(Ok::<_, Infallible>))).into_response()
}

/// Says that the session has ended. Browsers pass on no event without data.
fn end() -> Event {
    Event::default().event(END).data("session")
}

/// One stream.
struct Watch {
    services: Services,
    streams: Streams,
    stop: watch::Receiver<bool>,
    token: String,
    origin: Origin,
    heights: Option<String>,
    told: Option<News>,
    quiet: u32,
    ended: bool,
    _place: Place,
}

impl Watch {
    fn begin(state: AppState, request: &Request) -> Result<Self, Error> {
        let caller = request.extensions().get::<Caller>();
        let actor = caller.and_then(|caller| caller.actor.as_ref());
        let session = actor.and_then(|actor| actor.via().session_id());
        let session = session.ok_or(Error::Unauthenticated)?;
        let token = read(request.headers(), contexts::cookies(&state).session());
        let streams = state.streams.clone();
        let place = streams.admit(session).ok_or(Error::TooMany {
            retry_after_seconds: 60,
        })?;
        Ok(Self {
            stop: streams.stop.subscribe(),
            token: token.unwrap_or_default().to_owned(),
            origin: caller
                .map(|caller| caller.origin.clone())
                .unwrap_or_default(),
            services: state.services,
            streams,
            heights: None,
            told: None,
            quiet: 0,
            ended: false,
            _place: place,
        })
    }

    /// The next event. `None`: the server has come to its end, or the database does not answer, and
    /// the browser comes again by itself; or it was told that the session has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.told.is_some() {
                tokio::select! {
                    () = sleep(self.streams.beat) => {}
                    _ = self.stop.changed() => {}
                }
            }
            if self.ended || self.streams.stopped() {
                return None;
            }
            let heights = self.streams.heights(&self.services).await.ok()?;
            let changed = self.heights.as_ref() != Some(&heights);
            self.quiet += 1;
            if !changed && self.quiet < QUIET_BEATS {
                continue;
            }
            // Whether the session still holds, and what it may still see.
            let sessions = &self.services.sessions;
            let asked = sessions.by_cookie_unasked(&self.token, self.origin.clone());
            let actor = match asked.await {
                Ok(actor) => actor,
                Err(Error::Unauthenticated) => return self.end(),
                Err(_) => return None,
            };
            self.quiet = 0;
            if changed {
                let news = self.services.tickets.news(&actor, &heights).await.ok()?;
                self.heights = Some(heights);
                if self.told.as_ref() != Some(&news) {
                    let event = told(&news);
                    self.told = Some(news);
                    return Some(event);
                }
            }
            return Some(Event::default().comment(""));
        }
    }

    /// Says once that the session has ended.
    fn end(&mut self) -> Option<Event> {
        let first = !std::mem::replace(&mut self.ended, true);
        first.then(end)
    }
}

/// How many wait, or `-`; then what pages compare.
fn told(news: &News) -> Event {
    let waiting = news
        .waiting
        .map_or("-".to_owned(), |waiting| waiting.to_string());
    Event::default().data(format!("{waiting} {}", news.latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_a_few_streams_and_gets_their_places_back() {
        let streams = Streams::default();
        let places: Vec<_> = (0..MOST).map(|_| streams.admit("a").unwrap()).collect();
        assert!(streams.admit("a").is_none());
        let other = streams.admit("b").unwrap();
        drop(places);
        assert!(streams.admit("a").is_some());
        drop(other);
        assert!(streams.open.lock().unwrap().is_empty());
    }
}
