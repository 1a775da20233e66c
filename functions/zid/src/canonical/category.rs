//! Categories. The webhook's page could not be read; the fields are those of Zid's REST sample. The catalogue
//! links the same page for a deleted one.

use inlet::canonical::{Canonical, Category, Words};
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use serde_json::Value;

inlet::payload! {
    /// A category.
    struct Shelf {
        /// Zid's id.
        id: String = "id",
        /// In both languages, else in the one of the request.
        name: Words = "names" | "name",
        /// The category that it belongs to.
        parent_id: String = "parent_id",
        /// In both languages.
        description: Words = "description",
        /// The name in URLs.
        slug: String = "slug",
        /// The page that shows it.
        url: String = "url",
        /// Whether customers see it.
        is_published: bool = "is_published",
        /// How many products it holds.
        products_count: Decimal = "products_count",
    }
}

/// A category as a category.
pub(crate) fn category(payload: &Value) -> Option<Canonical> {
    let shelf = Shelf::from_json(payload)?;
    let category = Category {
        id: shelf.id,
        name: shelf.name,
        parent_id: shelf.parent_id,
        description: shelf.description,
        slug: shelf.slug,
        url: shelf.url,
        published: shelf.is_published,
        products: shelf.products_count,
        ..Category::default()
    };
    Some(category.into())
}
