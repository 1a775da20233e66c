//! Categories. The webhook's page could not be read; the fields are those of Zid's REST sample. The catalogue links
//! the same page for a deleted category.

use inlet::canonical::{Canonical, Category, CategoryReference, Words};
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use serde_json::Value;

use super::value::{Text, text};

inlet::payload! {
    /// A category.
    struct CategoryBody {
        /// Zid's id.
        id: Text = "id",
        /// Zid's other id.
        uuid: Text = "uuid",
        /// In both languages, else in the request's.
        name: Words = "names" | "name",
        /// The category that this one is in.
        parent_id: Text = "parent_id",
        /// The names from the top to this category.
        flat_name: Text = "flat_name",
        /// The categories in this one.
        sub_categories: Vec<Child> = "sub_categories",
        /// In both languages.
        description: Words = "description",
        /// The name in URLs.
        slug: Text = "slug",
        /// Its page.
        url: Text = "url",
        /// The largest version of its picture.
        image: Text = "image_full_size" | "image_full" | "image",
        /// True if customers see it.
        is_published: bool = "is_published",
        /// The number of products in it.
        products_count: Decimal = "products_count",
    }
    /// A category in another one. It holds further ones, which are not passed on.
    struct Child {
        /// Zid's id.
        id: Text = "id",
        /// In both languages, else in the request's.
        name: Words = "names" | "name",
    }
}

/// Maps a category.
pub(crate) fn category(payload: &Value) -> Option<Canonical> {
    let category = CategoryBody::from_json(payload)?;
    let child = |child: Child| CategoryReference { id: text(child.id), name: child.name }.known();
    let category = Category {
        id: text(category.id),
        uuid: text(category.uuid),
        name: category.name,
        parent_id: text(category.parent_id),
        path: text(category.flat_name),
        children: category.sub_categories.map(|children| children.into_iter().filter_map(child).collect()),
        description: category.description,
        slug: text(category.slug),
        url: text(category.url),
        image_url: text(category.image),
        published: category.is_published,
        products: category.products_count,
    };
    Some(category.into())
}
