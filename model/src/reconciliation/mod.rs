//! A model of webhooks that the provider never sends, and of the reconciler that publishes what they did not bring.
//!
//! # The protocol
//! The provider changes one object from state to state. The webhook of a change may arrive within the retry window or
//! after it, overtake the one before, be repeated, never be sent, or be discarded with all others while the provider's
//! circuit breaker has disabled the URL. A run of the reconciler
//!
//! 1. reads the object in the provider's list: its state, the provider's time of the change, and the time of the
//!    response by the clock of the service;
//! 2. reads the events of the entity, and judges as [`inlet::reconcile::judge`] does. A change that is younger than the
//!    retry window is not missed yet; neither is anything if an event arrived after the read. The state is compared with
//!    the last one in the order of the changes, and with the newest event in the order of arrival;
//! 3. publishes what they lack as an event whose arrival is the time of the response, and whose id is made of the
//!    entity, the state, the time of the change and the newest event before.
//!
//! Runs begin at any time, also beside each other, as the scheduled one and one that a person starts. Each of their
//! calls may fail, take effect later, be made twice or never. After everything else two runs follow without a fault:
//! [`properties`] are about what they leave.
//!
//! In some scenarios all runs are scheduled ([`schedule`]). Such a run takes the lease first, reads the changes from the
//! cursor on, stores the cursor after publishing, and ends the lease. The new cursor is behind every change that was
//! settled when the run before it read the list, because the windows of two runs overlap: a settled change is
//! judged by two runs. A run that is killed keeps its lease until it expires.
//! A lease that expires while its run works is a fault: the run goes on beside the next one.
//!
//! # Simpler than the code
//! There is one entity, because the events of another one are never read. An object that is read whole is a second run
//! here. Lists that cannot be read to their end, histories of an object and forgotten entities are not in the model. A
//! repeated webhook has the id of the first one: a body with a time (scope `Forever`). Where runs are scheduled, no
//! webhook is later than the retry window: a scheduled run does not see an object again whose window has passed.

pub mod flaw;
pub mod scenario;
pub mod world;
pub mod reconciler;
pub mod schedule;
pub mod protocol;
pub mod properties;
