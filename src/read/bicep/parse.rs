//! Bicep text to a syntax tree. A statement that cannot be read costs itself, not the file.

/// How deep expressions may nest.
const MAX_DEPTH: u32 = 80;

/// A statement that says what is deployed, or a name that such statements use.
#[derive(Debug)]
pub(super) enum Statement {
    Param { name: String, default: Option<Expr> },
    Var { name: String, value: Expr },
    Output { name: String, value: Expr },
    Resource(Declaration),
    Module(Declaration),
}

/// A resource or a module.
#[derive(Debug)]
pub(super) struct Declaration {
    pub(super) symbol: String,
    /// Type and version, or the module's path.
    pub(super) target: String,
    /// Looked up, not made.
    pub(super) existing: bool,
    pub(super) body: Expr,
    /// Offset of the symbol.
    pub(super) at: u32,
}

/// An expression with the offset at which it begins.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    pub(super) at: u32,
}

/// The forms of an expression.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(String),
    /// Literal pieces and expressions between them.
    Text(Vec<Piece>),
    List(Vec<Expr>),
    Map(Vec<(String, Expr)>),
    Name(String),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    Not(Box<Expr>),
    Binary(&'static str, Box<[Expr; 2]>),
    Choice(Box<[Expr; 3]>),
    /// `if (condition) body`.
    If(Box<[Expr; 2]>),
    /// `[for x in list: body]`.
    For {
        item: String,
        number: Option<String>,
        list: Box<Expr>,
        body: Box<Expr>,
    },
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Literal(String),
    Value(Expr),
}

/// What a file says, and the offsets of statements that could not be read.
pub(super) fn parse(text: &str) -> (Vec<Statement>, Vec<u32>) {
    let mut parser = Parser { text, at: 0, depth: 0, nested: Vec::new() };
    let (mut statements, mut odd) = (Vec::new(), Vec::new());
    loop {
        parser.skip_lines();
        if parser.at >= text.len() {
            return (statements, odd);
        }
        let start = parser.at;
        match parser.statement() {
            Some(statement) => {
                statements.extend(statement);
                statements.append(&mut parser.nested.drain(..).map(Statement::Resource).collect());
            }
            None => {
                odd.push(start as u32);
                parser.nested.clear();
                parser.depth = 0;
                parser.skip_statement(start);
            }
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    /// Resources declared within the body of another, with the symbol of that one.
    nested: Vec<Declaration>,
}

/// Operators of two sides, those that bind least first.
const OPERATORS: &[&[&str]] = &[
    &["??"],
    &["||"],
    &["&&"],
    &["==", "!=", "=~", "!~"],
    &["<=", ">=", "<", ">"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl<'t> Parser<'t> {
    /// A statement; `Some(None)` for one that says nothing of what is deployed.
    fn statement(&mut self) -> Option<Option<Statement>> {
        if self.eat("@") {
            self.expression()?;
            return Some(None);
        }
        let at = self.at as u32;
        let word = self.word()?;
        match word.as_str() {
            "param" => {
                let name = self.word()?;
                let default = if self.seek_equals() { Some(self.expression()?) } else { None };
                Some(Some(Statement::Param { name, default }))
            }
            "var" => {
                let name = self.word()?;
                self.seek_equals().then_some(())?;
                Some(Some(Statement::Var { name, value: self.expression()? }))
            }
            "output" => {
                let name = self.word()?;
                self.seek_equals().then_some(())?;
                Some(Some(Statement::Output { name, value: self.expression()? }))
            }
            "resource" => Some(Some(Statement::Resource(self.declaration(at)?))),
            "module" => Some(Some(Statement::Module(self.declaration(at)?))),
            _ => {
                self.skip_statement(at as usize);
                Some(None)
            }
        }
    }

    fn declaration(&mut self, at: u32) -> Option<Declaration> {
        let symbol = self.word()?;
        self.skip_blanks();
        let Kind::Text(pieces) = self.primary()?.kind else { return None };
        let target = match pieces.as_slice() {
            [Piece::Literal(text)] => text.clone(),
            _ => return None,
        };
        let existing = self.eat_word("existing");
        self.eat("=").then_some(())?;
        self.skip_lines();
        let inner = self.nested.len();
        let body = self.expression()?;
        // Resources within this one speak of it as their parent.
        for declaration in &mut self.nested[inner..] {
            if !declaration.symbol.contains(PARENT) {
                declaration.symbol = format!("{}{PARENT}{symbol}", declaration.symbol);
            }
        }
        Some(Declaration { symbol, target, existing, body, at })
    }

    fn expression(&mut self) -> Option<Expr> {
        self.depth += 1;
        let expr = if self.depth > MAX_DEPTH { None } else { self.choice() };
        self.depth -= 1;
        expr
    }

    fn choice(&mut self) -> Option<Expr> {
        let at = self.start();
        if self.eat_word("if") {
            let condition = self.primary()?;
            self.skip_lines();
            let body = self.expression()?;
            return Some(Expr { kind: Kind::If(Box::new([condition, body])), at });
        }
        let condition = self.binary(0)?;
        if !self.continues("?") || self.rest().starts_with("??") {
            return Some(condition);
        }
        self.eat("?").then_some(())?;
        self.skip_lines();
        let yes = self.expression()?;
        self.continues(":").then_some(())?;
        self.eat(":").then_some(())?;
        self.skip_lines();
        let no = self.expression()?;
        Some(Expr { kind: Kind::Choice(Box::new([condition, yes, no])), at })
    }

    fn binary(&mut self, level: usize) -> Option<Expr> {
        let Some(operators) = OPERATORS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.continues(operator)) {
            self.at += operator.len();
            self.skip_lines();
            let at = left.at;
            let right = self.binary(level + 1)?;
            left = Expr { kind: Kind::Binary(operator, Box::new([left, right])), at };
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Expr> {
        let at = self.start();
        if self.eat("!") {
            self.depth += 1;
            let inner = if self.depth > MAX_DEPTH { None } else { self.unary() };
            self.depth -= 1;
            return Some(Expr { kind: Kind::Not(Box::new(inner?)), at });
        }
        if self.eat("-") {
            let inner = self.primary()?;
            let kind = match inner.kind {
                Kind::Number(number) => Kind::Number(format!("-{number}")),
                other => other,
            };
            return Some(Expr { kind, at });
        }
        let mut expr = self.primary()?;
        loop {
            let rest = self.rest();
            if rest.starts_with("::") || rest.starts_with(".?") || rest.starts_with("?.") {
                self.at += 2;
                expr = self.member(expr)?;
            } else if rest.starts_with('.') {
                self.at += 1;
                expr = self.member(expr)?;
            } else if rest.starts_with("[?") || rest.starts_with('[') {
                self.at += if rest.starts_with("[?") { 2 } else { 1 };
                self.skip_lines();
                let index = self.expression()?;
                self.skip_lines();
                self.eat("]").then_some(())?;
                expr = Expr { at: expr.at, kind: Kind::Index(Box::new(expr), Box::new(index)) };
            } else if rest.starts_with('!') && !rest.starts_with("!=") && !rest.starts_with("!~") {
                self.at += 1;
            } else {
                return Some(expr);
            }
        }
    }

    /// `.name` or `.name(arguments)` behind an expression.
    fn member(&mut self, of: Expr) -> Option<Expr> {
        let name = self.word()?;
        let at = of.at;
        if !self.rest().starts_with('(') {
            return Some(Expr { at, kind: Kind::Member(Box::new(of), name) });
        }
        // What a function of a namespace or of a resource gives depends on what it is asked of.
        let mut arguments = vec![of];
        arguments.extend(self.arguments()?);
        Some(Expr { at, kind: Kind::Call(name, arguments) })
    }

    fn primary(&mut self) -> Option<Expr> {
        let at = self.start();
        let kind = match self.rest().chars().next()? {
            '\'' => self.string()?,
            '{' => self.object()?,
            '[' => self.list()?,
            '(' => {
                self.at += 1;
                self.skip_lines();
                let inner = self.expression()?;
                self.skip_lines();
                self.eat(")").then_some(())?;
                return Some(inner);
            }
            c if c.is_ascii_digit() => {
                let digits = self.rest().find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest().len());
                let number = self.rest()[..digits].to_owned();
                self.at += digits;
                Kind::Number(number)
            }
            _ => {
                let word = self.word()?;
                match word.as_str() {
                    "true" => Kind::Bool(true),
                    "false" => Kind::Bool(false),
                    "null" => Kind::Null,
                    _ if self.rest().starts_with('(') => Kind::Call(word, self.arguments()?),
                    _ => Kind::Name(word),
                }
            }
        };
        Some(Expr { kind, at })
    }

    fn arguments(&mut self) -> Option<Vec<Expr>> {
        self.eat("(").then_some(())?;
        let mut arguments = Vec::new();
        loop {
            self.skip_lines();
            if self.eat(")") {
                return Some(arguments);
            }
            arguments.push(self.expression()?);
            self.skip_lines();
            // `x => x.name`: a lambda; its body counts for what it names.
            if self.eat("=>") {
                self.skip_lines();
                arguments.push(self.expression()?);
                self.skip_lines();
            }
            let _ = self.eat(",");
        }
    }

    fn object(&mut self) -> Option<Kind> {
        self.eat("{").then_some(())?;
        let mut entries = Vec::new();
        loop {
            self.skip_lines();
            if self.eat("}") {
                return Some(Kind::Map(entries));
            }
            if self.eat(",") {
                continue;
            }
            if self.eat("@") || self.eat("...") {
                self.expression()?;
                continue;
            }
            let at = self.start();
            let key = match self.rest().starts_with('\'') {
                true => match self.string()? {
                    Kind::Text(pieces) => literal(&pieces),
                    _ => return None,
                },
                false => self.word()?,
            };
            if key == "resource" && !self.rest().starts_with(':') {
                let declaration = self.declaration(at)?;
                self.nested.push(declaration);
                continue;
            }
            self.eat(":").then_some(())?;
            self.skip_lines();
            entries.push((key, self.expression()?));
        }
    }

    fn list(&mut self) -> Option<Kind> {
        self.eat("[").then_some(())?;
        self.skip_lines();
        if self.eat_word("for") {
            return self.each();
        }
        let mut items = Vec::new();
        loop {
            self.skip_lines();
            if self.eat("]") {
                return Some(Kind::List(items));
            }
            if !self.eat(",") {
                let _ = self.eat("...");
                items.push(self.expression()?);
            }
        }
    }

    /// What follows `[for`.
    fn each(&mut self) -> Option<Kind> {
        let (mut item, mut number) = (String::new(), None);
        if self.eat("(") {
            item = self.word()?;
            self.eat(",").then_some(())?;
            number = Some(self.word()?);
            self.eat(")").then_some(())?;
        } else {
            item.push_str(&self.word()?);
        }
        self.eat_word("in").then_some(())?;
        let list = Box::new(self.expression()?);
        self.skip_lines();
        self.eat(":").then_some(())?;
        self.skip_lines();
        let body = Box::new(self.expression()?);
        self.skip_lines();
        self.eat("]").then_some(())?;
        Some(Kind::For { item, number, list, body })
    }

    fn string(&mut self) -> Option<Kind> {
        if let Some(rest) = self.rest().strip_prefix("'''") {
            let end = rest.find("'''")?;
            self.at += end + 6;
            return Some(Kind::Text(vec![Piece::Literal(rest[..end].trim_start_matches('\n').to_owned())]));
        }
        self.at += 1;
        let (mut pieces, mut text) = (Vec::new(), String::new());
        loop {
            let rest = &self.text[self.at..];
            let c = rest.chars().next()?;
            if rest.starts_with("${") {
                self.at += 2;
                pieces.push(Piece::Literal(std::mem::take(&mut text)));
                pieces.push(Piece::Value(self.expression()?));
                self.skip_blanks();
                self.text[self.at..].starts_with('}').then_some(())?;
                self.at += 1;
                continue;
            }
            self.at += c.len_utf8();
            match c {
                '\'' => break,
                '\n' => return None,
                '\\' => {
                    let escaped = self.text[self.at..].chars().next()?;
                    self.at += escaped.len_utf8();
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                c => text.push(c),
            }
        }
        if !text.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Literal(text));
        }
        Some(Kind::Text(pieces))
    }

    /// Steps over the type of a parameter to its `=`; false when the statement ends before.
    fn seek_equals(&mut self) -> bool {
        let mut depth = 0i32;
        while let Some(c) = self.text[self.at..].chars().next() {
            match c {
                '\'' => {
                    if self.string().is_none() {
                        return false;
                    }
                    continue;
                }
                '/' if self.text[self.at..].starts_with("//") => {
                    self.skip_blanks();
                    continue;
                }
                '{' | '[' | '(' => depth += 1,
                '}' | ']' | ')' => depth -= 1,
                '=' if depth == 0 => {
                    self.at += 1;
                    self.skip_lines();
                    return true;
                }
                '\n' if depth <= 0 => return false,
                _ => {}
            }
            self.at += c.len_utf8();
        }
        false
    }

    /// Goes to the line behind a statement: the first that begins in the first column with a word or decorator.
    fn skip_statement(&mut self, start: usize) {
        let from = start.max(self.at);
        let next = self.text[from..]
            .match_indices('\n')
            .map(|(at, _)| from + at + 1)
            .find(|at| self.text[*at..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '@'));
        self.at = next.unwrap_or(self.text.len());
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn start(&mut self) -> u32 {
        self.skip_blanks();
        self.at as u32
    }

    /// A text that comes next, after blanks.
    fn eat(&mut self, text: &str) -> bool {
        self.skip_blanks();
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let end = self.rest().find(|c: char| !is_word(c)).unwrap_or(self.rest().len());
        let is_next = &self.rest()[..end] == word;
        if is_next {
            self.at += end;
        }
        is_next
    }

    /// Whether an operator comes next, be it on another line.
    fn continues(&mut self, operator: &str) -> bool {
        let before = self.at;
        self.skip_blanks();
        if self.rest().starts_with(operator) && !(operator == "!" || self.rest().starts_with("=>")) {
            return true;
        }
        if matches!(operator, "?" | ":" | "&&" | "||" | "??") {
            self.skip_lines();
            if self.rest().starts_with(operator) {
                return true;
            }
        }
        self.at = before;
        false
    }

    fn word(&mut self) -> Option<String> {
        self.skip_blanks();
        let end = self.rest().find(|c: char| !is_word(c)).unwrap_or(self.rest().len());
        let word = self.rest()[..end].to_owned();
        self.at += end;
        (!word.is_empty()).then_some(word)
    }

    /// Spaces and comments on one line.
    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else {
                let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
                if blanks == 0 {
                    return;
                }
                self.at += blanks;
            }
        }
    }

    /// Spaces, comments and ends of lines.
    fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            let lines = self.rest().len() - self.rest().trim_start_matches('\n').len();
            if lines == 0 {
                return;
            }
            self.at += lines;
        }
    }
}

/// Stands between the symbol of a resource and that of the resource in whose body it is declared.
pub(super) const PARENT: char = '<';

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The text of pieces, `*` for what is not literal.
fn literal(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Value(_) => "*".to_owned(),
    };
    pieces.iter().map(piece).collect()
}
