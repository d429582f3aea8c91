//! The template language's syntax: text with `{{ actions }}`.

use std::rc::Rc;

/// No template nests deeper than this.
const MAX_DEPTH: u32 = 100;

/// A part of a template, with the line it starts on.
#[derive(Debug)]
pub(super) enum Part {
    Text(Rc<str>, u32),
    Action(Pipeline, u32),
    If(Vec<(Pipeline, Vec<Part>)>, Vec<Part>, u32),
    With(Vec<(Pipeline, Vec<Part>)>, Vec<Part>, u32),
    Range(Pipeline, Vec<Part>, Vec<Part>, u32),
    /// `template` and `block`.
    Call(Operand, Option<Pipeline>, u32),
    Break,
    Continue,
}

/// `$a, $b := command | command`.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    pub variables: Vec<String>,
    /// `:=` rather than `=`.
    pub declares: bool,
    pub commands: Vec<Vec<Operand>>,
}

/// What a command is made of.
#[derive(Debug)]
pub(super) enum Operand {
    /// `.a.b`; empty for the dot.
    Field(Vec<String>),
    /// `$x.a`; the name is empty for `$`.
    Variable(String, Vec<String>),
    Function(String),
    Text(Rc<str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    /// `(pipeline).a`.
    Group(Box<Pipeline>, Vec<String>),
}

/// A template and the templates that it defines.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub parts: Vec<Part>,
    pub defines: Vec<(String, Vec<Part>)>,
    /// What could not be read: a line and why.
    pub errors: Vec<(u32, String)>,
}

/// Reads a template.
pub(super) fn parse(text: &str) -> Parsed {
    let mut parser = Parser { pieces: pieces(text), at: 0, out: Parsed::default() };
    let mut parts = Vec::new();
    // An `end` too many must not cost the rest.
    while parser.at < parser.pieces.len() {
        let (more, stop) = parser.parts(MAX_DEPTH);
        parts.extend(more);
        if let Some((line, word)) = stop {
            parser.out.errors.push((line, format!("`{word}` closes nothing")));
        }
    }
    parser.out.parts = parts;
    parser.out
}

/// Text or the inside of an action.
#[derive(Debug)]
enum Piece<'t> {
    Text(&'t str, u32),
    Action(&'t str, u32),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut line = 1;
    let mut trim_next = false;
    let count = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count() as u32;
    loop {
        let open = rest.find("{{");
        let (before, behind) = open.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + 2..])));
        let trims_before = behind.is_some_and(|behind| {
            behind.starts_with("- ")
                || behind.starts_with("-\n")
                || behind.starts_with("-\t")
                || behind.starts_with("-\r")
        });
        let mut shown = before;
        let mut shown_line = line;
        if trim_next {
            let trimmed = shown.trim_start();
            shown_line += count(&shown[..shown.len() - trimmed.len()]);
            shown = trimmed;
        }
        if trims_before {
            shown = shown.trim_end();
        }
        if !shown.is_empty() {
            out.push(Piece::Text(shown, shown_line));
        }
        line += count(before);
        let Some(behind) = behind else { break };
        let inside = if trims_before { &behind[1..] } else { behind };
        let end = action_end(inside);
        let (action, after) = end.map_or((inside, ""), |at| (&inside[..at], &inside[at + 2..]));
        let trimmed = action.trim_end();
        trim_next = action.ends_with('-')
            && (action.len() == 1 || action[..action.len() - 1].ends_with(char::is_whitespace));
        let trimmed = if trim_next { trimmed[..trimmed.len() - 1].trim_end() } else { trimmed };
        let lead = trimmed.len() - trimmed.trim_start().len();
        out.push(Piece::Action(trimmed.trim_start(), line + count(&trimmed[..lead])));
        line += count(action);
        rest = after;
    }
    out
}

/// Where the `}}` stands that closes an action, outside of quotes and comments.
fn action_end(text: &str) -> Option<usize> {
    let trimmed = text.trim_start();
    if trimmed.starts_with("/*") {
        let close = text.find("*/")?;
        return text[close..].find("}}").map(|at| close + at);
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'`' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' && quote != b'`' { 2 } else { 1 };
                }
            }
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

struct Parser<'t> {
    pieces: Vec<Piece<'t>>,
    at: usize,
    out: Parsed,
}

/// The action that ends a list of parts: its line and its text.
type Stop = Option<(u32, String)>;

impl Parser<'_> {
    fn parts(&mut self, depth: u32) -> (Vec<Part>, Stop) {
        let mut parts = Vec::new();
        while self.at < self.pieces.len() {
            let (action, line) = match &self.pieces[self.at] {
                Piece::Text(text, line) => {
                    parts.push(Part::Text((*text).into(), *line));
                    self.at += 1;
                    continue;
                }
                Piece::Action(action, line) => ((*action).to_owned(), *line),
            };
            self.at += 1;
            let word = action.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
            let rest = &action[word.len()..];
            match word {
                "end" | "else" => return (parts, Some((line, action))),
                _ if depth == 0 => self.out.errors.push((line, "templates nest too deep".to_owned())),
                "if" | "with" => {
                    let (branches, otherwise) = self.branches(rest, line, depth);
                    let make = if word == "if" { Part::If } else { Part::With };
                    parts.push(make(branches, otherwise, line));
                }
                "range" => {
                    let pipeline = self.pipeline(rest, line);
                    let (body, stop) = self.parts(depth - 1);
                    let otherwise = match stop {
                        Some((_, word)) if word.starts_with("else") => self.parts(depth - 1).0,
                        _ => Vec::new(),
                    };
                    parts.push(Part::Range(pipeline, body, otherwise, line));
                }
                "define" | "block" => self.define(word, rest, line, depth, &mut parts),
                "template" => {
                    let (name, argument) = self.name_and_argument(rest, line);
                    parts.push(Part::Call(name, argument, line));
                }
                "break" if rest.trim().is_empty() => parts.push(Part::Break),
                "continue" if rest.trim().is_empty() => parts.push(Part::Continue),
                _ if action.is_empty() || action.starts_with("/*") => {}
                _ => {
                    let pipeline = self.pipeline(&action, line);
                    parts.push(Part::Action(pipeline, line));
                }
            }
        }
        (parts, None)
    }

    fn branches(
        &mut self,
        condition: &str,
        line: u32,
        depth: u32,
    ) -> (Vec<(Pipeline, Vec<Part>)>, Vec<Part>) {
        let mut branches = Vec::new();
        let mut condition = self.pipeline(condition, line);
        loop {
            let (body, stop) = self.parts(depth - 1);
            branches.push((condition, body));
            let Some((line, word)) = stop else {
                self.out.errors.push((line, "nothing ends this block".to_owned()));
                return (branches, Vec::new());
            };
            let Some(more) = word.strip_prefix("else") else { return (branches, Vec::new()) };
            let more = more.trim_start();
            match more.strip_prefix("if").or_else(|| more.strip_prefix("with")) {
                Some(next) => condition = self.pipeline(next, line),
                None => return (branches, self.parts(depth - 1).0),
            }
        }
    }

    fn define(&mut self, word: &str, rest: &str, line: u32, depth: u32, parts: &mut Vec<Part>) {
        let (name, argument) = self.name_and_argument(rest, line);
        let (body, _) = self.parts(depth - 1);
        let Operand::Text(text) = &name else {
            self.out.errors.push((line, "the name of a template is no text".to_owned()));
            return;
        };
        self.out.defines.push((text.to_string(), body));
        if word == "block" {
            parts.push(Part::Call(name, argument, line));
        }
    }

    fn name_and_argument(&mut self, text: &str, line: u32) -> (Operand, Option<Pipeline>) {
        let mut pipeline = self.pipeline(text, line);
        let mut first = if pipeline.commands.is_empty() { Vec::new() } else { pipeline.commands.remove(0) };
        if first.is_empty() {
            return (Operand::Nil, None);
        }
        let name = first.remove(0);
        if first.is_empty() {
            return (name, None);
        }
        pipeline.commands.insert(0, first);
        (name, Some(pipeline))
    }

    fn pipeline(&mut self, text: &str, line: u32) -> Pipeline {
        let tokens = match tokens(text) {
            Ok(tokens) => tokens,
            Err(because) => {
                self.out.errors.push((line, because));
                return Pipeline::default();
            }
        };
        let mut reader = Reader { tokens, at: 0 };
        match reader.pipeline(MAX_DEPTH) {
            Ok(pipeline) if reader.at == reader.tokens.len() => pipeline,
            Ok(_) => {
                self.out.errors.push((line, "an action has a `)` too many".to_owned()));
                Pipeline::default()
            }
            Err(because) => {
                self.out.errors.push((line, because));
                Pipeline::default()
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Word(String),
    Text(String),
    Int(i64),
    Float(f64),
    Pipe,
    Open,
    Close,
    Comma,
    Declare,
    Assign,
    /// `.a` right behind a `)`.
    Chain(Vec<String>),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let spaced = rest.trim_start();
        let adjacent = spaced.len() == rest.len();
        rest = spaced;
        let Some(c) = rest.chars().next() else { return Ok(out) };
        let (token, used) = match c {
            '|' => (Token::Pipe, 1),
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            ':' if rest.starts_with(":=") => (Token::Declare, 2),
            '=' => (Token::Assign, 1),
            '"' => quoted(rest)?,
            '`' => {
                let end = rest[1..].find('`').ok_or("a raw text is not closed")?;
                (Token::Text(rest[1..=end].to_owned()), end + 2)
            }
            '\'' => {
                let end = rest[1..].find('\'').ok_or("a character is not closed")?;
                (Token::Int(rest[1..].chars().next().map_or(0, |c| i64::from(u32::from(c)))), end + 2)
            }
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                let (fields, used) = fields(rest);
                let after_group = adjacent && out.last() == Some(&Token::Close) && !fields.is_empty();
                (if after_group { Token::Chain(fields) } else { Token::Field(fields) }, used)
            }
            '$' => {
                let name = word_length(&rest[1..]);
                let (fields, used) = fields(&rest[1 + name..]);
                (Token::Variable(rest[1..=name].to_owned(), fields), 1 + name + used)
            }
            '0'..='9' | '-' | '+' | '.' => number(rest)?,
            _ => match word_length(rest) {
                0 => return Err(format!("`{c}` is not understood in an action")),
                used => (Token::Word(rest[..used].to_owned()), used),
            },
        };
        out.push(token);
        rest = &rest[used..];
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// `.a.b` with its length; no fields for the dot alone.
fn fields(text: &str) -> (Vec<String>, usize) {
    let mut out = Vec::new();
    let mut used = 0;
    while text[used..].starts_with('.') {
        let length = word_length(&text[used + 1..]);
        if length == 0 {
            return (out, used.max(1));
        }
        out.push(text[used + 1..used + 1 + length].to_owned());
        used += 1 + length;
    }
    (out, used)
}

fn quoted(text: &str) -> Result<(Token, usize), String> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(out), at + 1)),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('x') => {
                    let hex: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                    out.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
                }
                Some('u') => {
                    let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    out.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
                }
                Some(other) => out.push(other),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err("a text is not closed".to_owned())
}

fn number(text: &str) -> Result<(Token, usize), String> {
    let used = text
        .char_indices()
        .find(|(at, c)| {
            !(c.is_ascii_alphanumeric() || *c == '.' || *c == '_' || (*at == 0 && matches!(c, '-' | '+')))
        })
        .map_or(text.len(), |(at, _)| at);
    let written = text[..used].replace('_', "");
    if let Ok(number) = written.parse::<i64>() {
        return Ok((Token::Int(number), used));
    }
    let octal = written.strip_prefix("0o").or_else(|| written.strip_prefix('0'));
    let radix = written.strip_prefix("0x").map(|hex| i64::from_str_radix(hex, 16));
    if let Some(Ok(number)) = radix.or_else(|| octal.map(|octal| i64::from_str_radix(octal, 8))) {
        return Ok((Token::Int(number), used));
    }
    let float = written.parse::<f64>().map_err(|_| format!("`{written}` is no number"))?;
    Ok((Token::Float(float), used))
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn pipeline(&mut self, depth: u32) -> Result<Pipeline, String> {
        if depth == 0 {
            return Err("an action nests too deep".to_owned());
        }
        let mut pipeline = self.variables();
        loop {
            let mut command = Vec::new();
            while let Some(token) = self.tokens.get(self.at).cloned() {
                match token {
                    Token::Pipe | Token::Close => break,
                    Token::Open => {
                        self.at += 1;
                        let inner = self.pipeline(depth - 1)?;
                        if self.tokens.get(self.at) != Some(&Token::Close) {
                            return Err("a `(` is not closed".to_owned());
                        }
                        self.at += 1;
                        let chain = match self.tokens.get(self.at) {
                            Some(Token::Chain(fields)) => fields.clone(),
                            _ => Vec::new(),
                        };
                        self.at += usize::from(!chain.is_empty());
                        command.push(Operand::Group(Box::new(inner), chain));
                        continue;
                    }
                    Token::Field(fields) | Token::Chain(fields) => command.push(Operand::Field(fields)),
                    Token::Variable(name, fields) => command.push(Operand::Variable(name, fields)),
                    Token::Text(text) => command.push(Operand::Text(text.into())),
                    Token::Int(number) => command.push(Operand::Int(number)),
                    Token::Float(number) => command.push(Operand::Float(number)),
                    Token::Word(word) => command.push(match word.as_str() {
                        "true" => Operand::Bool(true),
                        "false" => Operand::Bool(false),
                        "nil" => Operand::Nil,
                        _ => Operand::Function(word),
                    }),
                    Token::Comma | Token::Declare | Token::Assign => {
                        return Err("an action is not understood".to_owned());
                    }
                }
                self.at += 1;
            }
            if command.is_empty() {
                return Err("an action has an empty part".to_owned());
            }
            pipeline.commands.push(command);
            if self.tokens.get(self.at) != Some(&Token::Pipe) {
                return Ok(pipeline);
            }
            self.at += 1;
        }
    }

    /// `$a :=`, `$a, $b :=`, `$a =`.
    fn variables(&mut self) -> Pipeline {
        let mut names = Vec::new();
        let mut at = self.at;
        while let Some(Token::Variable(name, fields)) = self.tokens.get(at) {
            if !fields.is_empty() {
                break;
            }
            names.push(name.clone());
            at += 1;
            if self.tokens.get(at) != Some(&Token::Comma) {
                break;
            }
            at += 1;
        }
        match self.tokens.get(at) {
            Some(sign @ (Token::Declare | Token::Assign)) if !names.is_empty() => {
                let declares = *sign == Token::Declare;
                self.at = at + 1;
                Pipeline { variables: names, declares, commands: Vec::new() }
            }
            _ => Pipeline::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_its_line_and_is_trimmed() {
        let parsed = parse("a\n  {{- if .x }}\nb\n{{- end -}}\n\n c {{ `}}` }}");
        let Part::If(branches, _, line) = &parsed.parts[1] else { panic!("{parsed:?}") };
        assert_eq!(*line, 2);
        assert!(matches!(&branches[0].1[0], Part::Text(text, 2) if &**text == "\nb"));
        assert!(matches!(&parsed.parts[2], Part::Text(text, 6) if &**text == "c "));
        assert!(parsed.errors.is_empty());
    }

    #[test]
    fn actions_are_read() {
        let parsed = parse(r#"{{ $a, $b := (index .x 0).y | default "q\"" -3 1.5 }}{{/* c }} */}}{{ $.z }}"#);
        let Part::Action(pipeline, 1) = &parsed.parts[0] else { panic!("{parsed:?}") };
        assert_eq!(pipeline.variables, ["a", "b"]);
        assert_eq!((pipeline.commands.len(), pipeline.commands[1].len()), (2, 4));
        assert_eq!(parsed.parts.len(), 2);
    }

    #[test]
    fn what_is_broken_is_told_with_its_line() {
        let parsed = parse("a\n{{ end }}\n{{ if }}x{{ end }}\n{{ .x ( }}\n{{ if .y }}");
        let lines: Vec<u32> = parsed.errors.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
    }

    #[test]
    fn deep_nesting_is_told_and_not_a_crash() {
        assert!(!parse(&"{{ if .x }}".repeat(10_000)).errors.is_empty());
        assert!(!parse(&format!("{{{{ {} }}}}", "(".repeat(10_000))).errors.is_empty());
    }
}
