//! DynamoDB's expressions, as far as the table's owners use them.

use serde_json::{Map, Value};

/// The attributes of an item, as in DynamoDB's JSON.
pub(crate) type Attributes = Map<String, Value>;

/// The condition under a name of a request.
pub(crate) struct Expression<'a> {
    input: &'a Value,
    /// Its tokens, with a space between them; `None` if the request has no such condition.
    spaced: Option<String>,
}

impl<'a> Expression<'a> {
    /// Reads the condition under this name.
    pub(crate) fn new(input: &'a Value, name: &str) -> Self {
        let spaced = |text: &str| text.replace('(', " ( ").replace(')', " ) ").replace(',', " ");
        Self { input, spaced: input[name].as_str().map(spaced) }
    }

    /// Returns true if an item fulfils the condition, or if there is none.
    pub(crate) fn holds(&self, item: &Attributes) -> bool {
        let Some(spaced) = &self.spaced else { return true };
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        let mut condition = Condition { input: self.input, item, tokens: &tokens };
        let holds = condition.alternatives();
        assert!(condition.tokens.is_empty(), "an expression that is not understood: {spaced}");
        holds
    }
}

/// Applies the update of a request to an item.
pub(crate) fn update(input: &Value, item: &mut Attributes) {
    let Some(text) = input["UpdateExpression"].as_str() else { return };
    let (set, remove) = text.split_once("REMOVE ").unwrap_or((text, ""));
    for change in set.trim().trim_start_matches("SET ").split(", ").filter(|change| !change.is_empty()) {
        let (name, value) = change.split_once(" = ").expect("an assignment");
        let value = input["ExpressionAttributeValues"][value.trim()].clone();
        item.insert(attribute_name(input, name.trim()).to_owned(), value);
    }
    for name in remove.split(',').map(str::trim) {
        item.remove(attribute_name(input, name));
    }
}

fn attribute_name<'a>(input: &'a Value, name: &'a str) -> &'a str {
    if name.starts_with('#') {
        input["ExpressionAttributeNames"][name].as_str().expect("a name")
    } else {
        name
    }
}

/// A condition that is being read.
struct Condition<'a> {
    input: &'a Value,
    item: &'a Attributes,
    tokens: &'a [&'a str],
}

impl<'a> Condition<'a> {
    fn alternatives(&mut self) -> bool {
        let mut holds = self.requirements();
        while self.takes("OR") {
            holds |= self.requirements();
        }
        holds
    }

    fn requirements(&mut self) -> bool {
        let mut holds = self.one();
        while self.takes("AND") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        let first = self.next();
        match first {
            "(" => {
                let holds = self.alternatives();
                assert!(self.takes(")"), "a bracket");
                holds
            }
            "attribute_exists" | "attribute_not_exists" => {
                self.next();
                let name = self.next();
                self.next();
                self.item.contains_key(attribute_name(self.input, name)) == (first == "attribute_exists")
            }
            "begins_with" => {
                self.next();
                let (name, prefix) = (self.next(), self.next());
                self.next();
                let (value, prefix) = (self.value(name), self.value(prefix));
                let text = |value: Option<&'a Value>| value.and_then(|value| value["S"].as_str());
                text(value).zip(text(prefix)).is_some_and(|(value, prefix)| value.starts_with(prefix))
            }
            name => {
                let value = self.value(name);
                match self.next() {
                    "BETWEEN" => {
                        let low = self.next();
                        assert!(self.takes("AND"), "an end");
                        let high = self.next();
                        let (low, high) = (self.value(low), self.value(high));
                        is_at_most(low, value) && is_at_most(value, high)
                    }
                    "=" => {
                        let other = self.next();
                        value.is_some() && value == self.value(other)
                    }
                    "<=" => {
                        let other = self.next();
                        is_at_most(value, self.value(other))
                    }
                    "<" => {
                        let other = self.next();
                        value.is_some() && !is_at_most(self.value(other), value)
                    }
                    ">" => {
                        let other = self.next();
                        value.is_some() && !is_at_most(value, self.value(other))
                    }
                    operator => panic!("an operator that is not understood: {operator}"),
                }
            }
        }
    }

    fn next(&mut self) -> &'a str {
        let (first, rest) = self.tokens.split_first().expect("more of the expression");
        self.tokens = rest;
        first
    }

    fn takes(&mut self, token: &str) -> bool {
        let takes = self.tokens.first() == Some(&token);
        if takes {
            self.next();
        }
        takes
    }

    fn value(&self, name: &'a str) -> Option<&'a Value> {
        if name.starts_with(':') {
            self.input["ExpressionAttributeValues"].get(name)
        } else {
            self.item.get(attribute_name(self.input, name))
        }
    }
}

/// Compares two numbers or two texts. False if one is absent.
fn is_at_most(low: Option<&Value>, high: Option<&Value>) -> bool {
    let (Some(low), Some(high)) = (low, high) else { return false };
    let number = |value: &Value| value["N"].as_str().and_then(|digits| digits.parse::<i64>().ok());
    match (number(low), number(high)) {
        (Some(low), Some(high)) => low <= high,
        _ => low["S"].as_str() <= high["S"].as_str(),
    }
}
