//! Operators' work on a deployment: they read events, send them again or delete them. No Lambda uses this module.

pub mod index_desc;
pub mod selection;
pub mod find;
mod entity_log;
pub mod quarantine_list;
mod in_order;
pub mod replay;
mod receive_messages;
pub mod dead_letters;
mod table_clock;
pub mod forget;
mod event_items;
pub mod verify;
pub mod restore;
pub mod sample_event;
#[cfg(test)]
mod old_layout;
