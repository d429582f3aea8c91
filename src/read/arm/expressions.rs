//! The language of expressions in templates: `[concat(parameters('name'), '-plan')]`.

use super::{Found, MAX_DEPTH, Template, text};
use crate::read::terraform::given::GivenValue;
use crate::read::yaml::Node;

impl Template<'_> {
    /// A text, or an expression in brackets with the resources that it names.
    pub(super) fn expression_value(&self, own: usize, word: &str) -> GivenValue {
        let Some(expression) = expression(word) else { return text(word) };
        let mut refs = Vec::new();
        let value = self.evaluate(expression, &mut refs, 0);
        refs.retain(|index| *index != own);
        let refer = |index: usize| GivenValue::Resource { index, attribute: "id".to_owned() };
        match (refs.as_slice(), value) {
            ([], Some(value)) => text(&value),
            ([], None) => GivenValue::Unknown("a value that is given when the template is deployed"),
            ([only], _) => refer(*only),
            (several, _) => GivenValue::Template(several.iter().copied().map(refer).collect()),
        }
    }

    pub(super) fn depends_on(&self, own: usize, word: &str) -> GivenValue {
        match self.expression_value(own, word) {
            GivenValue::Text(name) => {
                let found = self
                    .found
                    .iter()
                    .position(|one| one.name == name || format!("{}/{}", one.type_name, one.name) == name);
                found.filter(|index| *index != own).map_or(GivenValue::Null, |index| GivenValue::Resource {
                    index,
                    attribute: "id".to_owned(),
                })
            }
            value => value,
        }
    }

    /// The text of a value, with `*` for what is not known.
    pub(super) fn text(&self, word: &str, depth: u32) -> String {
        match expression(word) {
            Some(expression) => {
                self.evaluate(expression, &mut Vec::new(), depth).unwrap_or_else(|| "*".to_owned())
            }
            None => word.to_owned(),
        }
    }

    /// The value of an expression as a text; `None` when it is not known. Resources that it names go to `refs`.
    fn evaluate(&self, expression: &str, refs: &mut Vec<usize>, depth: u32) -> Option<String> {
        let expression = expression.trim();
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(literal) = expression.strip_prefix('\'') {
            return Some(literal.strip_suffix('\'')?.replace("''", "'"));
        }
        if expression.parse::<f64>().is_ok() {
            return Some(expression.to_owned());
        }
        let (name, arguments, rest) = call(expression)?;
        let arguments = split(arguments);
        let first = || self.evaluate(arguments.first()?, &mut Vec::new(), depth + 1);
        match name.to_lowercase().as_str() {
            "parameters" => {
                let default = self.root.at(&["parameters", &first()?, "defaultValue"])?;
                self.declared(default, rest, refs, depth)
            }
            "variables" => {
                let value = self.root.at(&["variables", &first()?])?;
                self.declared(value, rest, refs, depth)
            }
            "concat" => Some(self.parts(&arguments, refs, depth).concat()),
            "format" => Some(formatted(&self.parts(&arguments, refs, depth))),
            "tolower" | "string" | "trim" => {
                self.evaluate(arguments.first()?, refs, depth + 1).map(|text| text.to_lowercase())
            }
            "symbol" => {
                let symbol = first()?;
                let own = |one: &Found<'_>| one.node.str_at(&["@symbol"]) == Some(&*symbol);
                refs.extend(self.found.iter().position(own));
                None
            }
            "resourceid" => {
                let parts = self.parts(&arguments, refs, depth);
                refs.extend(self.resource(&parts));
                None
            }
            _ => {
                self.parts(&arguments, refs, depth);
                None
            }
        }
    }

    /// The texts of arguments, `*` for what is not known.
    fn parts(&self, arguments: &[&str], refs: &mut Vec<usize>, depth: u32) -> Vec<String> {
        let part =
            |argument: &&str| self.evaluate(argument, refs, depth + 1).unwrap_or_else(|| "*".to_owned());
        arguments.iter().map(part).collect()
    }

    /// A declared value, or the part of it that `.a.b` behind the call names.
    fn declared(&self, value: &Node, rest: &str, refs: &mut Vec<usize>, depth: u32) -> Option<String> {
        let path: Vec<&str> =
            rest.trim_start_matches('.').split('.').filter(|step| !step.is_empty()).collect();
        let text = value.at(&path)?.str()?;
        match expression(text) {
            Some(expression) => self.evaluate(expression, refs, depth + 1),
            None => Some(text.to_owned()),
        }
    }

    /// The resource of a type and names: `Microsoft.Sql/servers/databases`, `a`, `b`.
    fn resource(&self, parts: &[String]) -> Option<usize> {
        let at = parts.iter().position(|part| part.contains('/') && part.contains('.'))?;
        let name = parts[at + 1..].join("/");
        let wanted = &parts[at];
        let of_type: Vec<usize> = (0..self.found.len())
            .filter(|index| self.found[*index].type_name.eq_ignore_ascii_case(wanted))
            .collect();
        let named = of_type.iter().copied().find(|index| {
            let own = &self.found[*index].name;
            *own == name || own.rsplit('/').next() == name.rsplit('/').next()
        });
        // The only one of its type is meant where the name is not known.
        named.or(match of_type.as_slice() {
            [only] if name.contains('*') => Some(*only),
            _ => None,
        })
    }
}

/// `{0}` and its kin put in.
fn formatted(parts: &[String]) -> String {
    let mut out = parts.first().cloned().unwrap_or_default();
    for (at, part) in parts.iter().enumerate().skip(1).take(20) {
        out = out.replace(&format!("{{{}}}", at - 1), part);
    }
    out
}

/// What stands between the brackets of an expression; `[[` begins a plain text.
fn expression(text: &str) -> Option<&str> {
    text.strip_prefix('[').filter(|rest| !rest.starts_with('['))?.strip_suffix(']')
}

/// Name, arguments and what follows of `name(arguments).rest`.
fn call(expression: &str) -> Option<(&str, &str, &str)> {
    let open = expression.find('(')?;
    let mut depth = 0;
    let mut quoted = false;
    for (at, c) in expression.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((expression[..open].trim(), &expression[open + 1..at], &expression[at + 1..]));
        }
    }
    None
}

/// Arguments between commas outside of quotes and brackets.
fn split(arguments: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0i32, false);
    for (at, c) in arguments.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                out.push(&arguments[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !arguments[start..].trim().is_empty() {
        out.push(&arguments[start..]);
    }
    out
}
