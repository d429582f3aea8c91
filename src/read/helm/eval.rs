//! Runs templates: bounded in steps, depth and output, and never stopped by what one action cannot do.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::functions;
use super::template::{Operand, Part, Pipeline};
use super::value::{Map, Value};

/// Actions that one chart may run.
const MAX_STEPS: u32 = 400_000;

/// Bytes that one chart may write.
const MAX_OUTPUT: usize = 8 << 20;

/// Bytes of text that the functions of one chart may work on.
const MAX_WORK: usize = 512 << 20;

/// Templates that may call each other.
const MAX_CALLS: u32 = 60;

/// Why an action could not run.
pub(super) type Failure = String;

/// A branch that is taken, and what its condition came to.
type Branch<'p> = (&'p [Part], Option<Value>);

/// What a chart's templates may look at.
pub(super) struct World<'w> {
    /// Templates by name.
    pub defines: BTreeMap<String, Rc<Vec<Part>>>,
    /// Texts of the chart's files by path inside it.
    pub files: BTreeMap<String, &'w str>,
    /// Charts that the chart needs and that are not there.
    pub missing: Vec<String>,
    pub release: String,
}

/// Runs the templates of one chart.
pub(super) struct Engine<'w> {
    pub world: &'w World<'w>,
    steps: u32,
    written: usize,
    worked: usize,
    calls: u32,
}

/// What a template wrote, with the line of the template that each line of it comes from.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub text: String,
    pub lines: Vec<u32>,
    /// Line and reason of each action that could not run.
    pub failures: Vec<(u32, Failure)>,
}

impl Rendered {
    /// Text whose lines are the template's own.
    fn push_text(&mut self, text: &str, line: u32) {
        self.push(text, line, 1);
    }

    /// Text that one action made.
    fn push_value(&mut self, text: &str, line: u32) {
        self.push(text, line, 0);
    }

    fn push(&mut self, text: &str, mut line: u32, step: u32) {
        if self.lines.is_empty() {
            self.lines.push(line);
        }
        if self.text.ends_with('\n')
            && let Some(last) = self.lines.last_mut()
        {
            *last = line;
        }
        for c in text.bytes() {
            if c == b'\n' {
                line += step;
                self.lines.push(line);
            }
        }
        self.text.push_str(text);
    }
}

/// How a list of parts ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// Variables in order of declaration, and the dot.
struct Frame {
    variables: Vec<(String, Value)>,
    root: Value,
}

impl Frame {
    fn new(root: Value) -> Self {
        Frame { variables: Vec::new(), root }
    }

    fn get(&self, name: &str) -> Option<Value> {
        if name.is_empty() {
            return Some(self.root.clone());
        }
        self.variables.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    }

    fn set(&mut self, name: &str, value: Value) {
        if let Some((_, own)) = self.variables.iter_mut().rev().find(|(own, _)| own == name) {
            *own = value;
        }
    }
}

impl<'w> Engine<'w> {
    pub(super) fn new(world: &'w World<'w>) -> Self {
        Engine { world, steps: 0, written: 0, worked: 0, calls: 0 }
    }

    /// Renders a file's own parts; an action that cannot run is left out and told.
    pub(super) fn render(&mut self, parts: &[Part], root: &Value) -> Rendered {
        let mut out = Rendered::default();
        let mut frame = Frame::new(root.clone());
        if let Err((line, failure)) = self.parts(parts, root, &mut frame, &mut out, true) {
            out.failures.push((line, failure));
        }
        out
    }

    /// The text of a named template.
    pub(super) fn include(&mut self, name: &str, dot: &Value) -> Result<String, Failure> {
        let Some(parts) = self.world.defines.get(name).cloned() else {
            return super::chart::stand_in(self, name, dot);
        };
        self.nested(&parts, dot)
    }

    /// Renders a text as a template.
    pub(super) fn tpl(&mut self, text: &str, dot: &Value) -> Result<String, Failure> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let parsed = super::template::parse(text);
        if let Some((_, because)) = parsed.errors.into_iter().next() {
            return Err(because);
        }
        self.nested(&parsed.parts, dot)
    }

    fn nested(&mut self, parts: &[Part], dot: &Value) -> Result<String, Failure> {
        if self.calls >= MAX_CALLS {
            return Err("templates call each other too deep".to_owned());
        }
        self.calls += 1;
        let mut out = Rendered::default();
        let mut frame = Frame::new(dot.clone());
        let result = self.parts(parts, dot, &mut frame, &mut out, false);
        self.calls -= 1;
        result.map(|_| out.text).map_err(|(_, failure)| failure)
    }

    fn step(&mut self) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err("the chart's templates run for too long".to_owned());
        }
        Ok(())
    }

    /// Counts the bytes that a function is given.
    pub(super) fn work(&mut self, bytes: usize) -> Result<(), Failure> {
        self.worked = self.worked.saturating_add(bytes);
        if self.worked > MAX_WORK {
            return Err("the chart's templates run for too long".to_owned());
        }
        Ok(())
    }

    fn spent(&self) -> bool {
        self.steps > MAX_STEPS || self.written > MAX_OUTPUT || self.worked > MAX_WORK
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.written += text.len();
        if self.written > MAX_OUTPUT {
            return Err("the chart's templates write too much".to_owned());
        }
        Ok(())
    }

    /// Runs parts. With `lenient`, what fails is noted and left out.
    fn parts(
        &mut self,
        parts: &[Part],
        dot: &Value,
        frame: &mut Frame,
        out: &mut Rendered,
        lenient: bool,
    ) -> Result<Flow, (u32, Failure)> {
        let scope = frame.variables.len();
        let mut flow = Flow::On;
        for part in parts {
            match self.part(part, dot, frame, out, lenient) {
                Ok(Flow::On) => {}
                Ok(other) => {
                    flow = other;
                    break;
                }
                Err((line, failure)) if lenient && !self.spent() => out.failures.push((line, failure)),
                Err(failure) => return Err(failure),
            }
        }
        frame.variables.truncate(scope);
        Ok(flow)
    }

    fn part(
        &mut self,
        part: &Part,
        dot: &Value,
        frame: &mut Frame,
        out: &mut Rendered,
        lenient: bool,
    ) -> Result<Flow, (u32, Failure)> {
        match part {
            Part::Text(text, line) => {
                self.write(text).map_err(|failure| (*line, failure))?;
                out.push_text(text, *line);
            }
            Part::Action(pipeline, line) => {
                let value = self.pipeline(pipeline, dot, frame).map_err(|failure| (*line, failure))?;
                if pipeline.variables.is_empty() {
                    let text = value.print();
                    self.write(&text).map_err(|failure| (*line, failure))?;
                    out.push_value(&text, *line);
                }
            }
            Part::If(branches, otherwise, line) | Part::With(branches, otherwise, line) => {
                let scope = frame.variables.len();
                let (body, found) = self.branch(branches, otherwise, *line, dot, frame)?;
                let found = found.filter(|_| matches!(part, Part::With(..)));
                let flow = self.parts(body, found.as_ref().unwrap_or(dot), frame, out, lenient);
                frame.variables.truncate(scope);
                return flow;
            }
            Part::Range(pipeline, body, otherwise, line) => {
                return self.range(pipeline, body, otherwise, *line, dot, frame, out, lenient);
            }
            Part::Call(name, argument, line) => {
                let text =
                    self.call(name, argument.as_ref(), dot, frame).map_err(|failure| (*line, failure))?;
                out.push_value(&text, *line);
            }
            Part::Break => return Ok(Flow::Break),
            Part::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    /// The first branch whose condition holds, and what the condition came to.
    fn branch<'p>(
        &mut self,
        branches: &'p [(Pipeline, Vec<Part>)],
        otherwise: &'p [Part],
        line: u32,
        dot: &Value,
        frame: &mut Frame,
    ) -> Result<Branch<'p>, (u32, Failure)> {
        for (condition, body) in branches {
            let value = self.pipeline(condition, dot, frame).map_err(|failure| (line, failure))?;
            if value.truth() {
                return Ok((body, Some(value)));
            }
        }
        Ok((otherwise, None))
    }

    fn call(
        &mut self,
        name: &Operand,
        argument: Option<&Pipeline>,
        dot: &Value,
        frame: &mut Frame,
    ) -> Result<String, Failure> {
        let name = self.operand(name, dot, frame)?.print();
        let dot = match argument {
            Some(argument) => self.pipeline(argument, dot, frame)?,
            None => Value::Nil,
        };
        self.include(&name, &dot)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one action, each of another kind")]
    fn range(
        &mut self,
        pipeline: &Pipeline,
        body: &[Part],
        otherwise: &[Part],
        line: u32,
        dot: &Value,
        frame: &mut Frame,
        out: &mut Rendered,
        lenient: bool,
    ) -> Result<Flow, (u32, Failure)> {
        let over = self.commands(pipeline, dot, frame).map_err(|failure| (line, failure))?;
        let pairs: Vec<(Value, Value)> = match &over {
            Value::List(items) => {
                items.iter().enumerate().map(|(at, item)| (Value::Int(at as i64), item.clone())).collect()
            }
            Value::Map(map) => {
                map.borrow().iter().map(|(key, value)| (Value::str(key.as_str()), value.clone())).collect()
            }
            Value::Int(count) => {
                (0..(*count).clamp(0, 10_000)).map(|at| (Value::Int(at), Value::Int(at))).collect()
            }
            _ => Vec::new(),
        };
        if pairs.is_empty() {
            return self.parts(otherwise, dot, frame, out, lenient);
        }
        for (key, value) in pairs {
            self.step().map_err(|failure| (line, failure))?;
            let scope = frame.variables.len();
            match pipeline.variables.as_slice() {
                [only] => frame.variables.push((only.clone(), value.clone())),
                [first, second, ..] => {
                    frame.variables.push((first.clone(), key));
                    frame.variables.push((second.clone(), value.clone()));
                }
                [] => {}
            }
            let flow = self.parts(body, &value, frame, out, lenient)?;
            frame.variables.truncate(scope);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value, frame: &mut Frame) -> Result<Value, Failure> {
        let value = self.commands(pipeline, dot, frame)?;
        if let Some(name) = pipeline.variables.first() {
            if pipeline.declares {
                frame.variables.push((name.clone(), value.clone()));
            } else {
                frame.set(name, value.clone());
            }
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &Pipeline, dot: &Value, frame: &mut Frame) -> Result<Value, Failure> {
        let mut piped = None;
        for command in &pipeline.commands {
            self.step()?;
            piped = Some(self.command(command, piped, dot, frame)?);
        }
        piped.ok_or_else(|| "an action is empty".to_owned())
    }

    fn command(
        &mut self,
        command: &[Operand],
        piped: Option<Value>,
        dot: &Value,
        frame: &mut Frame,
    ) -> Result<Value, Failure> {
        let (first, rest) = command.split_first().ok_or("a command is empty")?;
        if let Operand::Function(name) = first {
            return self.function(name, rest, piped, dot, frame);
        }
        if rest.is_empty() && piped.is_none() {
            return self.operand(first, dot, frame);
        }
        // A method with arguments: `.Files.Get "x"`.
        let (owner, method) = self.method(first, dot, frame)?;
        let mut arguments = Vec::new();
        for operand in rest {
            arguments.push(self.operand(operand, dot, frame)?);
        }
        arguments.extend(piped);
        functions::method(self, &owner, &method, &arguments)
    }

    fn method(
        &mut self,
        operand: &Operand,
        dot: &Value,
        frame: &mut Frame,
    ) -> Result<(Value, String), Failure> {
        let (base, fields) = match operand {
            Operand::Field(fields) => (dot.clone(), fields),
            Operand::Variable(name, fields) => {
                (frame.get(name).ok_or_else(|| format!("variable `${name}` is not declared"))?, fields)
            }
            Operand::Group(pipeline, fields) => (self.commands(pipeline, dot, frame)?, fields),
            _ => return Err("a value cannot be called".to_owned()),
        };
        let (method, before) = fields.split_last().ok_or("a value cannot be called")?;
        Ok((walk(base, before), method.clone()))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value, frame: &mut Frame) -> Result<Value, Failure> {
        Ok(match operand {
            Operand::Field(fields) => walk(dot.clone(), fields),
            Operand::Variable(name, fields) => {
                let value = frame.get(name).ok_or_else(|| format!("variable `${name}` is not declared"))?;
                walk(value, fields)
            }
            Operand::Function(name) => self.function(name, &[], None, dot, frame)?,
            Operand::Text(text) => Value::Str(Rc::clone(text)),
            Operand::Int(number) => Value::Int(*number),
            Operand::Float(number) => Value::Float(*number),
            Operand::Bool(value) => Value::Bool(*value),
            Operand::Nil => Value::Nil,
            Operand::Group(pipeline, fields) => walk(self.commands(pipeline, dot, frame)?, fields),
        })
    }

    fn function(
        &mut self,
        name: &str,
        operands: &[Operand],
        piped: Option<Value>,
        dot: &Value,
        frame: &mut Frame,
    ) -> Result<Value, Failure> {
        self.step()?;
        // `and` and `or` stop at the first that decides.
        if matches!(name, "and" | "or") {
            let mut last = Value::Nil;
            for operand in operands {
                last = self.operand(operand, dot, frame)?;
                if last.truth() == (name == "or") {
                    return Ok(last);
                }
            }
            return Ok(piped.unwrap_or(last));
        }
        let mut arguments = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            arguments.push(self.operand(operand, dot, frame)?);
        }
        arguments.extend(piped);
        functions::call(self, name, &arguments)
    }
}

/// Follows fields. A field of nothing is nothing: Helm would stop there, but the rest is worth reading.
fn walk(value: Value, fields: &[String]) -> Value {
    fields.iter().fold(value, |value, field| match (&value, field.as_str()) {
        (Value::Files | Value::ApiVersions, _) => value,
        _ => value.get(field),
    })
}

/// The mapping of a value, or an empty new one.
pub(super) fn map_of(value: &Value) -> Map {
    match value {
        Value::Map(map) => Rc::clone(map),
        _ => Map::default(),
    }
}
