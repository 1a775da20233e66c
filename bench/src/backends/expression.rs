//! DynamoDB's expressions, as far as the contenders use them: conditions and updates. Anything else is an error, so that
//! a contender that uses it gets no wrong response.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::{Value, json};

use super::capacity::Item;

/// An attribute's name, or a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Attribute(String),
    Value(Value),
}

/// A condition on an item.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Exists(String),
    Compares(Operand, Comparison, Operand),
    Between(Operand, Operand, Operand),
    BeginsWith(Operand, Operand),
}

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operand {
    fn value_in<'i>(&'i self, item: &'i Item) -> Option<&'i Value> {
        match self {
            Self::Attribute(name) => item.get(name),
            Self::Value(value) => Some(value),
        }
    }
}

impl Condition {
    /// Parses an expression of a request.
    pub fn parse(expression: &str, input: &Value) -> Result<Self, String> {
        let mut parser = Parser::new(expression, input)?;
        let condition = parser.any()?;
        parser.end()?;
        Ok(condition)
    }

    /// Returns whether the condition holds for an item.
    pub fn holds(&self, item: &Item) -> bool {
        match self {
            Self::All(all) => all.iter().all(|condition| condition.holds(item)),
            Self::Any(any) => any.iter().any(|condition| condition.holds(item)),
            Self::Not(condition) => !condition.holds(item),
            Self::Exists(name) => item.contains_key(name),
            Self::Compares(left, how, right) => match (left.value_in(item), right.value_in(item)) {
                (Some(left), Some(right)) => how.holds(left, right),
                _ => *how == Comparison::Different,
            },
            Self::Between(value, from, until) => {
                let is = |how: Comparison, other: &Operand| {
                    value
                        .value_in(item)
                        .zip(other.value_in(item))
                        .is_some_and(|(value, other)| how.holds(value, other))
                };
                is(Comparison::GreaterOrEqual, from) && is(Comparison::LessOrEqual, until)
            }
            Self::BeginsWith(value, prefix) => {
                let text = |operand: &Operand| {
                    operand.value_in(item).and_then(|it| it["S"].as_str().map(str::to_owned))
                };
                text(value).zip(text(prefix)).is_some_and(|(value, prefix)| value.starts_with(&prefix))
            }
        }
    }

    /// Returns the text that an attribute must equal, if the condition says so.
    pub fn required(&self, name: &str) -> Option<&str> {
        match self {
            Self::All(all) => all.iter().find_map(|condition| condition.required(name)),
            Self::Compares(Operand::Attribute(attribute), Comparison::Equal, Operand::Value(value))
                if attribute == name =>
            {
                value["S"].as_str()
            }
            _ => None,
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = compare(left, right);
        match self {
            Self::Equal => left == right || order == Some(Ordering::Equal),
            Self::Different => left != right && order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

/// Returns the order of two texts or two numbers.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left["S"].as_str(), right["S"].as_str()) {
        return Some(left.cmp(right));
    }
    Some(number(left)?.cmp(&number(right)?))
}

/// Returns a whole number: the contenders store no other.
fn number(value: &Value) -> Option<i128> {
    value["N"].as_str()?.parse().ok()
}

/// Applies an update expression of a request to an item.
pub fn update(item: &mut Item, expression: &str, input: &Value) -> Result<(), String> {
    let mut parser = Parser::new(expression, input)?;
    // Every value refers to the item before the update.
    let before = item.clone();
    while let Some(clause) = parser.words.next() {
        loop {
            let name = parser.attribute()?;
            match clause.as_str() {
                "SET" => {
                    parser.expect("=")?;
                    let value = parser.assigned(&before)?;
                    item.insert(name, value);
                }
                "REMOVE" => {
                    item.remove(&name);
                }
                "ADD" => {
                    let Operand::Value(value) = parser.operand()? else {
                        return Err("ADD without a value".to_owned());
                    };
                    let sum = before.get(&name).and_then(number).unwrap_or(0)
                        + number(&value).ok_or("ADD of something other than a number")?;
                    item.insert(name, json!({"N": sum.to_string()}));
                }
                other => return Err(format!("an unknown clause: {other}")),
            }
            if !parser.accept(",") {
                break;
            }
        }
    }
    Ok(())
}

struct Parser<'r> {
    words: Peekable<IntoIter<String>>,
    input: &'r Value,
}

impl<'r> Parser<'r> {
    fn new(expression: &str, input: &'r Value) -> Result<Self, String> {
        Ok(Self { words: words(expression)?.into_iter().peekable(), input })
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut any = vec![self.all()?];
        while self.accept("OR") {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.one()?];
        while self.accept("AND") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.accept("NOT") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.accept("(") {
            let condition = self.any()?;
            self.expect(")")?;
            return Ok(condition);
        }
        for function in ["attribute_exists", "attribute_not_exists", "begins_with"] {
            if self.accept(function) {
                return self.call(function);
            }
        }
        let left = self.operand()?;
        if self.accept("BETWEEN") {
            let from = self.operand()?;
            self.expect("AND")?;
            return Ok(Condition::Between(left, from, self.operand()?));
        }
        let how = match self.words.next().as_deref() {
            Some("=") => Comparison::Equal,
            Some("<>") => Comparison::Different,
            Some("<") => Comparison::Less,
            Some("<=") => Comparison::LessOrEqual,
            Some(">") => Comparison::Greater,
            Some(">=") => Comparison::GreaterOrEqual,
            other => return Err(format!("an unknown comparison: {other:?}")),
        };
        Ok(Condition::Compares(left, how, self.operand()?))
    }

    fn call(&mut self, function: &str) -> Result<Condition, String> {
        self.expect("(")?;
        let condition = match function {
            "attribute_exists" => Condition::Exists(self.attribute()?),
            "attribute_not_exists" => Condition::Not(Box::new(Condition::Exists(self.attribute()?))),
            _ => {
                let value = self.operand()?;
                self.expect(",")?;
                Condition::BeginsWith(value, self.operand()?)
            }
        };
        self.expect(")")?;
        Ok(condition)
    }

    /// Returns the value of an assignment: an operand, or the sum of two.
    fn assigned(&mut self, item: &Item) -> Result<Value, String> {
        let of = |operand: Operand| {
            operand.value_in(item).cloned().ok_or("an attribute that does not exist".to_owned())
        };
        if self.accept("if_not_exists") {
            self.expect("(")?;
            let name = self.attribute()?;
            self.expect(",")?;
            let otherwise = of(self.operand()?)?;
            self.expect(")")?;
            return Ok(item.get(&name).cloned().unwrap_or(otherwise));
        }
        let first = of(self.operand()?)?;
        if !self.accept("+") {
            return Ok(first);
        }
        let second = of(self.operand()?)?;
        let sum = number(&first).zip(number(&second)).map(|(first, second)| first + second);
        sum.map(|sum| json!({"N": sum.to_string()})).ok_or("a sum of other things than numbers".to_owned())
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let word = self.words.next().ok_or("the expression ends too early")?;
        if !word.starts_with(':') {
            return self.name_of(&word).map(Operand::Attribute);
        }
        let value = self.input["ExpressionAttributeValues"].get(&word);
        value.cloned().map(Operand::Value).ok_or(format!("{word} has no value"))
    }

    fn attribute(&mut self) -> Result<String, String> {
        let word = self.words.next().ok_or("the expression ends too early")?;
        self.name_of(&word)
    }

    fn name_of(&self, word: &str) -> Result<String, String> {
        if word.starts_with('#') {
            let name = self.input["ExpressionAttributeNames"][word].as_str();
            return name.map(str::to_owned).ok_or(format!("{word} has no name"));
        }
        let is_name = word.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if is_name { Ok(word.to_owned()) } else { Err(format!("{word} is no attribute")) }
    }

    fn accept(&mut self, word: &str) -> bool {
        self.words.next_if(|next| next == word).is_some()
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.accept(word) {
            Ok(())
        } else {
            Err(format!("{word} is missing before {:?}", self.words.peek()))
        }
    }

    fn end(&mut self) -> Result<(), String> {
        self.words.next().map_or(Ok(()), |word| Err(format!("an unknown part: {word}")))
    }
}

/// Returns the words and signs of an expression.
fn words(expression: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut letters = expression.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\n' | '\t' => {}
            '(' | ')' | ',' | '=' | '+' => words.push(letter.to_string()),
            '<' | '>' => {
                let more = letters.next_if(|&next| next == '=' || (letter == '<' && next == '>'));
                words.push([Some(letter), more].into_iter().flatten().collect());
            }
            _ if letter.is_alphanumeric() || "_#:".contains(letter) => {
                let mut word = letter.to_string();
                while let Some(next) = letters.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    word.push(next);
                }
                words.push(word);
            }
            _ => return Err(format!("an unknown sign: {letter}")),
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(value: Value) -> Item {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_condition_holds_as_in_dynamodb() {
        let there = item(json!({"pk": {"S": "a"}, "at": {"N": "1000"}, "name": {"S": "x"}}));
        let input = json!({
            "ExpressionAttributeNames": {"#n": "name"},
            "ExpressionAttributeValues": {
                ":small": {"N": "9"}, ":large": {"N": "1001"}, ":x": {"S": "x"}, ":a": {"S": "a"}, ":b": {"S": "b"}
            }
        });
        for (expression, want) in [
            ("attribute_not_exists(pk)", false),
            ("attribute_exists(pk)", true),
            ("attribute_not_exists(pk) OR at < :large", true),
            ("attribute_not_exists(pk) OR at < :small", false),
            ("at > :small AND (attribute_not_exists(other) OR other < :small) AND #n <> :a", true),
            ("at > :small AND #n <> :x OR #n = :x", true),
            ("other <> :a", true),
            ("other = :a", false),
            ("pk = :a AND begins_with(#n, :x)", true),
            ("pk BETWEEN :a AND :b AND at BETWEEN :small AND :large", true),
            ("NOT (pk = :a)", false),
        ] {
            assert_eq!(
                Condition::parse(expression, &input).map(|it| it.holds(&there)),
                Ok(want),
                "{expression}"
            );
        }
    }

    #[test]
    fn an_unknown_expression_is_an_error() {
        for expression in
            ["size(pk) > :n", "pk IN (:a)", "pk = :unknown", "pk =", "a.b = :n", "contains(pk, :n)"]
        {
            let input = json!({"ExpressionAttributeValues": {":n": {"N": "1"}, ":a": {"S": "a"}}});
            assert!(Condition::parse(expression, &input).is_err(), "{expression}");
        }
    }

    #[test]
    fn an_update_changes_what_it_names() {
        let input = json!({
            "ExpressionAttributeNames": {"#total": "total"},
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":t": {"S": "t"}}
        });
        for (expression, want) in [
            ("SET b = :t, c = :one", json!({"a": {"N": "5"}, "b": {"S": "t"}, "c": {"N": "1"}})),
            ("REMOVE a, b", json!({})),
            ("ADD a :one SET b = :t", json!({"a": {"N": "6"}, "b": {"S": "t"}})),
            ("ADD #total :one", json!({"a": {"N": "5"}, "total": {"N": "1"}})),
            ("SET a = a + :one", json!({"a": {"N": "6"}})),
            ("SET a = if_not_exists(a, :one)", json!({"a": {"N": "5"}})),
        ] {
            let mut changed = item(json!({"a": {"N": "5"}}));
            assert_eq!(update(&mut changed, expression, &input), Ok(()), "{expression}");
            assert_eq!(Value::Object(changed), want, "{expression}");
        }
    }
}
