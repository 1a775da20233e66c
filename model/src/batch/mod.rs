//! A model of a batch: the messages of one entity at one processor, which writes the receipt of a message while the next
//! one is consumed, if the consumer allows it.
//!
//! # The protocol
//! 1. The processor takes all messages of the entity that are on the queue, and reads their receipts in one call. A
//!    message with a receipt is done.
//! 2. In a round it gives the first message that is not done to the consumer. If the consumer keeps no order, it writes
//!    the receipt of the message that the round before consumed at the same time; else before.
//! 3. The next round begins when both have ended. If the receipt could not be written, the batch ends, and the message
//!    that was consumed meanwhile gets no receipt. If the message was not consumed, the batch ends as well.
//! 4. At the end of the batch, the messages that are done leave the queue, and the others come again in their order.
//!
//! # Simpler than the code
//! One entity, as entities share nothing but the calls. The code writes receipts beside only for messages that are
//! received for the first time: otherwise a crash over a message could count as an attempt of the one before it. Here it
//! always does. For a consumer that keeps the order, the code reads a message's receipt when its round begins, because its
//! entity can be forgotten meanwhile; the model has no forgetting, and nothing else changes these receipts. A call of the consumer that fails has no effect later: the code gives a call as much time as it may take.

pub mod scenario;
pub mod flaw;
pub mod processor;
pub mod world;
pub mod protocol;
pub mod properties;
