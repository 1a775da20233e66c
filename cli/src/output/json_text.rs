//! Indents JSON for people. The text stays as received: nothing is sorted, no digit changes.

/// Returns the text with line breaks and indents. None if it is not JSON.
pub(crate) fn indented(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut writer = Writer::default();
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            _ if writer.in_string => writer.string(char),
            '"' => writer.begin_string(),
            '{' | '[' => {
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                match rest.next_if(|next| matches!(next, '}' | ']')) {
                    Some(close) => writer.text.extend([char, close]),
                    None => writer.open(char),
                }
            }
            '}' | ']' => writer.close(char),
            ',' => {
                writer.text.push(',');
                writer.line();
            }
            ':' => writer.text.push_str(": "),
            _ if char.is_ascii_whitespace() => {}
            _ => writer.text.push(char),
        }
    }
    Some(writer.text)
}

#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Writer {
    fn begin_string(&mut self) {
        self.in_string = true;
        self.text.push('"');
    }

    fn string(&mut self, char: char) {
        self.text.push(char);
        self.in_string = self.escaped || char != '"';
        self.escaped = !self.escaped && char == '\\';
    }

    fn open(&mut self, char: char) {
        self.text.push(char);
        self.depth = self.depth.saturating_add(1);
        self.line();
    }

    fn close(&mut self, char: char) {
        self.depth = self.depth.saturating_sub(1);
        self.line();
        self.text.push(char);
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_changes() {
        let sent = r#"{"b":1.50,"a":[ ],"c":{"x":"{\"[,:\\"},"d":[1, 2e3,{}]}"#;
        let want = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {\n    \"x\": \"{\\\"[,:\\\\\"\n  },\n  \"d\": [\n    1,\n    2e3,\n    {}\n  ]\n}";
        assert_eq!(indented(sent).as_deref(), Some(want));
        assert_eq!(indented(want).as_deref(), Some(want), "twice is the same");
    }

    #[test]
    fn other_text_is_not_indented() {
        for text in ["", "{", "a=1&b=2", r#"{"a":1}}"#] {
            assert_eq!(indented(text), None, "{text:?}");
        }
    }
}
