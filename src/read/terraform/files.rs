//! Functions that read files: those of the tree, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::functions;
use super::parse::parse_template;
use super::value::{Kind, Value};
use super::world::{Bound, Scope, World};
use crate::source::{SourceFile, Tree};

/// Templates within templates.
const MAX_TEMPLATE: usize = 1 << 20;

impl<'a> World<'a> {
    /// The value of a function that reads files; `None` when `name` is no such function.
    pub(super) fn file_function(&self, name: &str, args: &[Value], scope: Scope<'_>) -> Option<Value> {
        Some(match name {
            "file" => self.with_file(args, scope, |file| Value::string(file.text())),
            "filebase64" => self.with_file(args, scope, |file| {
                functions::call("base64encode", &[Value::string(file.text())])
            }),
            "filemd5" => self.hash("md5", args, scope),
            "filesha1" => self.hash("sha1", args, scope),
            "filesha256" => self.hash("sha256", args, scope),
            "filesha512" => self.hash("sha512", args, scope),
            "filebase64sha256" => self.hash("base64sha256", args, scope),
            "filebase64sha512" => self.hash("base64sha512", args, scope),
            "fileexists" => match args.first().and_then(Value::text) {
                // A file that the scan left out may be there all the same.
                Some(path) => match self.find(&path, scope) {
                    Some(_) => Value::bool(true),
                    None => Value::unknown(format!("`{path}` is not among the files that were read")),
                },
                None => unknown_path(args),
            },
            "fileset" => self.file_set(args),
            "templatefile" => self.template_file(args, scope),
            "templatestring" => match args.first().and_then(Value::text) {
                Some(text) => self.text_template(&text, args.get(1), scope),
                None => unknown_path(args),
            },
            "basename" => path_part(args, |path| path.rsplit('/').next().unwrap_or("")),
            "dirname" => path_part(args, |path| path.rsplit_once('/').map_or(".", |(folder, _)| folder)),
            "abspath" | "pathexpand" => match args.first().and_then(Value::text) {
                Some(path) if name == "pathexpand" && !path.starts_with('~') => Value::string(path),
                // Where the tree lies is not known; paths in it are still understood.
                Some(path) if name == "abspath" => Value::string(path),
                _ => unknown_path(args),
            },
            _ => return None,
        })
    }

    fn with_file(&self, args: &[Value], scope: Scope<'_>, read: impl FnOnce(&SourceFile) -> Value) -> Value {
        let Some(path) = args.first().and_then(Value::text) else { return unknown_path(args) };
        match self.find(&path, scope) {
            Some(file) => read(file),
            None => Value::unknown(format!("`{path}` is not among the files that were read")),
        }
    }

    fn hash(&self, function: &str, args: &[Value], scope: Scope<'_>) -> Value {
        self.with_file(args, scope, |file| functions::call(function, &[Value::string(file.text())]))
    }

    /// A file by its path, relative to the root module as Terraform sees it.
    fn find(&self, path: &str, scope: Scope<'_>) -> Option<&'a SourceFile> {
        self.tree.join(&self.root_folder, path).or_else(|| {
            // Terragrunt copies modules: a path may be meant from the module's own folder.
            self.tree.join(scope.file?.folder(), path)
        })
    }

    fn file_set(&self, args: &[Value]) -> Value {
        let (Some(folder), Some(pattern)) =
            (args.first().and_then(Value::text), args.get(1).and_then(Value::text))
        else {
            return unknown_path(args);
        };
        let Some(folder) = Tree::resolve(&self.root_folder, &folder) else { return unknown_path(args) };
        let Ok(glob) = globset::GlobBuilder::new(&pattern).literal_separator(true).build() else {
            return Value::failed("a pattern that cannot be read");
        };
        let matcher = glob.compile_matcher();
        let prefix = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let found: Vec<Value> = self
            .tree
            .under(&folder)
            .filter_map(|file| file.path().get(prefix..))
            .filter(|path| matcher.is_match(path))
            .map(Value::string)
            .collect();
        if found.is_empty() {
            // Files of other kinds are not read: none seen is not none there.
            return Value::unknown(format!("no file of `{folder}` that was read matches `{pattern}`"));
        }
        Value::set(found)
    }

    fn template_file(&self, args: &[Value], scope: Scope<'_>) -> Value {
        let Some(path) = args.first().and_then(Value::text) else { return unknown_path(args) };
        match self.find(&path, scope) {
            Some(file) => self.text_template(file.text(), args.get(1), scope),
            None => {
                let refs = args.get(1).map(Value::deep_refs).unwrap_or_default();
                Value::unknown(format!("`{path}` is not among the files that were read")).with_refs(&refs)
            }
        }
    }

    /// A template that is a value with its variables filled in.
    pub(super) fn filled(&self, template: &Value, variables: Option<&Value>, scope: Scope<'_>) -> Value {
        match template.text() {
            Some(text) => self.text_template(&text, variables, scope).with_refs(&template.refs),
            None => {
                let refs = variables.map(Value::deep_refs).unwrap_or_default();
                Value::unknown("a template that is not known").with_refs(&refs)
            }
        }
    }

    fn text_template(&self, text: &str, variables: Option<&Value>, scope: Scope<'_>) -> Value {
        if text.len() > MAX_TEMPLATE {
            return Value::unknown("a template that is too long");
        }
        let Some(parts) = parse_template(text) else {
            let refs = variables.map(Value::deep_refs).unwrap_or_default();
            return Value::unknown("a template that does not parse").with_refs(&refs);
        };
        let none: Arc<BTreeMap<Arc<str>, Value>> = Arc::default();
        let entries = match variables.map(|value| &value.kind) {
            Some(Kind::Map(map)) => map,
            Some(Kind::Unknown(_)) => {
                return Value::unknown("the variables of a template are not known")
                    .with_refs(&variables.map(Value::deep_refs).unwrap_or_default());
            }
            _ => &none,
        };
        self.with_bound(&mut entries.iter(), None, &mut |bound| {
            self.template(
                &parts,
                Scope { module: scope.module, file: scope.file, each: None, bound, element: None },
            )
        })
    }

    /// Binds all entries, then works.
    fn with_bound(
        &self,
        entries: &mut dyn Iterator<Item = (&Arc<str>, &Value)>,
        bound: Option<&Bound<'_>>,
        work: &mut dyn FnMut(Option<&Bound<'_>>) -> Value,
    ) -> Value {
        match entries.next() {
            None => work(bound),
            Some((name, value)) => {
                let next = Bound { name, value: value.clone(), next: bound };
                self.deeper(|| self.with_bound(entries, Some(&next), work))
                    .unwrap_or_else(|| Value::unknown("too many variables of a template"))
            }
        }
    }
}

fn path_part(args: &[Value], part: fn(&str) -> &str) -> Value {
    match args.first().and_then(Value::text) {
        Some(path) => Value::string(part(&path)),
        None => unknown_path(args),
    }
}

fn unknown_path(args: &[Value]) -> Value {
    let refs = args.first().map(Value::deep_refs).unwrap_or_default();
    let reason = args.first().and_then(|arg| arg.reason().cloned());
    Value::unknown(reason.unwrap_or_else(|| "a path is not known".into())).with_refs(&refs)
}
