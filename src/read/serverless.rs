//! The Serverless Framework (`serverless.yml`): functions, their events, and the CloudFormation resources in it.
//!
//! Variables are replaced by what the files say; functions for AWS become resources of the stack in which the
//! embedded resources stand, so that one evaluation serves both.

use std::sync::Arc;

use super::cloudformation::{Template, World, read_world};
use super::draft::{Describe, Draft};
use super::json::parse_any;
use super::yaml::{Data, Key, Node};
use super::{Format, ReadContext};
use crate::model::{Category, Declarations, Id, Kind, Reach, Tolerance, Unit};
use crate::source::{Location, Problems, SourceFile, Tree};

/// Services of the Serverless Framework.
pub struct Serverless;

/// How deep variables may lead to variables.
const MAX_DEPTH: u32 = 12;

/// How many variables one file may have replaced.
const MAX_WORK: u32 = 50_000;

/// How large a text may grow by replacing variables.
const MAX_TEXT: usize = 64 << 10;

impl Format for Serverless {
    fn name(&self) -> &'static str {
        "serverless"
    }

    fn summary(&self) -> &'static str {
        "Serverless Framework services: functions, events, variables and embedded CloudFormation"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".yml") || path.ends_with(".yaml") || path.ends_with("serverless.json")
    }

    fn claims(&self, file: &SourceFile, tree: &Tree) -> bool {
        if is_main(file) {
            return true;
        }
        // Resources that a service includes belong to it.
        file.text().contains("AWS::") && includers(file, tree).next().is_some()
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files.iter().filter(|file| is_main(file)) {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let stage = cx.environment.map(str::to_owned);
            let mut variables = Variables {
                root: Arc::clone(&root),
                file,
                tree: cx.tree,
                stage,
                work: 0,
                problems: &mut out.problems,
            };
            let resolved = variables.node(&root, 0);
            let unit = read_service(file, &resolved, cx, &mut out.problems);
            out.units.push(unit);
        }
        out
    }
}

fn is_main(file: &SourceFile) -> bool {
    let name = file.name();
    name.starts_with("serverless.") && !name.ends_with(".ts") && file.text().contains("provider")
}

/// The services above a file that include a file of its name.
fn includers<'t>(file: &'t SourceFile, tree: &'t Tree) -> impl Iterator<Item = &'t SourceFile> {
    let folders = std::iter::successors(Some(file.folder()), |folder| {
        (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(above, _)| above))
    });
    folders
        .flat_map(|folder| {
            ["serverless.yml", "serverless.yaml"].into_iter().filter_map(|name| tree.join(folder, name))
        })
        .filter(|main| main.text().contains("file(") && main.text().contains(file.name()))
}

/// The replacement of variables.
struct Variables<'v> {
    root: Arc<Node>,
    file: &'v SourceFile,
    tree: &'v Tree,
    stage: Option<String>,
    work: u32,
    problems: &'v mut Problems,
}

impl Variables<'_> {
    fn node(&mut self, node: &Arc<Node>, depth: u32) -> Arc<Node> {
        if depth > 64 || self.work > MAX_WORK {
            return Arc::clone(node);
        }
        match &node.data {
            Data::Scalar { text, .. } if text.contains("${") => self.scalar(node, text, depth),
            Data::Scalar { .. } => Arc::clone(node),
            Data::Sequence(items) => {
                let items = items.iter().map(|item| self.node(item, depth + 1)).collect();
                Arc::new(self.like(node, Data::Sequence(items)))
            }
            Data::Mapping(_) => {
                let keys: Vec<Key> = node.entries().into_iter().map(|(key, _)| key.clone()).collect();
                let mut entries = Vec::new();
                for key in keys {
                    let Some(value) = node.get_shared(&key.text).cloned() else { continue };
                    entries.push((key, self.node(&value, depth + 1)));
                }
                Arc::new(self.like(node, Data::Mapping(entries)))
            }
        }
    }

    fn like(&self, node: &Node, data: Data) -> Node {
        let mut out = Node::new(data, node.location.clone());
        out.tag.clone_from(&node.tag);
        out
    }

    fn scalar(&mut self, node: &Arc<Node>, text: &str, depth: u32) -> Arc<Node> {
        // The whole text is one variable: whatever it stands for takes its place.
        if let Some(inner) = whole_variable(text)
            && is_ours(inner)
        {
            let expression = self.text(inner, depth + 1);
            if let (text, true) = &expression
                && let Some(found) = self.look_up(text, depth + 1)
            {
                return found;
            }
            return Arc::new(unsaid("*", &node.location));
        }
        let (text, known) = self.text(text, depth + 1);
        if known {
            return Arc::new(self.like(node, Data::Scalar { text: text.into(), plain: false }));
        }
        Arc::new(unsaid(&text, &node.location))
    }

    /// The text with its variables replaced, innermost first, and whether all of them are known; `*` stands for
    /// what is not.
    fn text(&mut self, text: &str, depth: u32) -> (String, bool) {
        let mut out = String::new();
        let mut rest = text;
        let mut known = true;
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let Some(end) = closing(&rest[start + 2..]) else {
                out.push_str(&rest[start..]);
                return (out, known);
            };
            let inner = &rest[start + 2..start + 2 + end];
            rest = &rest[start + 3 + end..];
            if !is_ours(inner) {
                out.push_str(&format!("${{{inner}}}"));
                continue;
            }
            self.work += 1;
            let found = match depth > MAX_DEPTH || self.work > MAX_WORK || out.len() > MAX_TEXT {
                true => None,
                false => {
                    let (inner, inner_known) = self.text(inner, depth + 1);
                    if inner_known { self.look_up(&inner, depth + 1) } else { None }
                }
            };
            match found.as_ref().and_then(|found| Some((found.str()?, is_unsaid(found)))) {
                Some((value, in_part)) => {
                    out.push_str(value);
                    known &= !in_part;
                }
                None => {
                    known = false;
                    out.push('*');
                }
            }
        }
        out.push_str(rest);
        (out, known)
    }

    /// The first of several alternatives that is known, else the first that is known in part.
    fn look_up(&mut self, expression: &str, depth: u32) -> Option<Arc<Node>> {
        let mut in_part = None;
        for alternative in split_alternatives(expression) {
            match self.source(alternative.trim(), depth) {
                Some(found) if is_unsaid(&found) => in_part = in_part.or(Some(found)),
                Some(found) => return Some(found),
                None => {}
            }
        }
        in_part
    }

    fn source(&mut self, source: &str, depth: u32) -> Option<Arc<Node>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let at = self.root.location.clone();
        let literal = |text: &str| Some(Arc::new(Node::scalar(text, false, &at)));
        if let Some(text) = source.strip_prefix(['\'', '"']) {
            return literal(text.trim_end_matches(['\'', '"']));
        }
        if source.parse::<f64>().is_ok() || matches!(source, "true" | "false") {
            return literal(source);
        }
        if let Some(rest) = source.strip_prefix("file(") {
            return self.file(rest, depth);
        }
        let (kind, path) = source.split_once(':')?;
        match (kind, path) {
            ("self", path) => {
                let found = self.own(path, depth + 1)?;
                Some(self.node(&found, depth + 1))
            }
            ("opt" | "sls", "stage") => match self.stage.clone() {
                Some(stage) => literal(&stage),
                None if kind == "sls" => {
                    self.source("self:provider.stage", depth + 1).or_else(|| literal("dev"))
                }
                None => None,
            },
            (kind, path) if kind.starts_with("ssm") => Some(Arc::new(unsaid(&dynamic(path), &at))),
            _ => None,
        }
    }

    /// A value of the service itself; what stands on the way may be a variable too.
    fn own(&mut self, path: &str, depth: u32) -> Option<Arc<Node>> {
        let mut current = Arc::clone(&self.root);
        for step in path.split('.').filter(|step| !step.is_empty()) {
            if matches!(&current.data, Data::Scalar { text, .. } if text.contains("${")) && depth <= MAX_DEPTH
            {
                current = self.node(&current, depth + 1);
            }
            current = step_into(&current, step)?;
        }
        Some(current)
    }

    /// `file(path)` or `file(path):key.key`.
    fn file(&mut self, rest: &str, depth: u32) -> Option<Arc<Node>> {
        let (path, key) = rest.split_once(')')?;
        let key = key.strip_prefix(':').unwrap_or("");
        let path = path.trim().trim_start_matches("./");
        let Some(file) = self.tree.join(self.file.folder(), path) else {
            let message = format!("included file `{path}` is not among the scanned files");
            self.problems.note(self.root.location.clone(), message);
            return None;
        };
        if file.name().ends_with(".js") || file.name().ends_with(".ts") {
            return None;
        }
        let root = parse_any(file, self.problems)?;
        let found = if key.is_empty() { root } else { walk(&root, key)? };
        Some(self.node(&found, depth + 1))
    }
}

/// A value of the parameter store, or of the secret store behind it, in the words of CloudFormation.
fn dynamic(path: &str) -> String {
    let path = path.trim();
    match path.strip_prefix("/aws/reference/secretsmanager/") {
        Some(secret) => format!("{{{{resolve:secretsmanager:{secret}}}}}"),
        None => format!("{{{{resolve:ssm:{path}}}}}"),
    }
}

fn is_unsaid(node: &Node) -> bool {
    node.tag_name() == Some("Unsaid")
}

fn unsaid(text: &str, at: &Location) -> Node {
    let mut node = Node::scalar(text, false, at);
    node.tag = Some("!Unsaid".into());
    node
}

/// `a.b.0.c` below a node.
fn walk(root: &Arc<Node>, path: &str) -> Option<Arc<Node>> {
    let mut steps = path.split('.').filter(|step| !step.is_empty());
    steps.try_fold(Arc::clone(root), |node, step| step_into(&node, step))
}

fn step_into(node: &Node, step: &str) -> Option<Arc<Node>> {
    match &node.data {
        Data::Sequence(items) => items.get(step.parse::<usize>().ok()?).cloned(),
        _ => node.get_shared(step).cloned(),
    }
}

fn whole_variable(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${")?;
    let end = closing(inner)?;
    (end + 1 == inner.len()).then(|| &inner[..end])
}

/// Where the variable that was opened ends.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1u32;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Variables of the framework have a source; `${AWS::Region}` and `${Name}` are CloudFormation's.
fn is_ours(inner: &str) -> bool {
    let word = inner.split([':', '(', '.', ',']).next().unwrap_or("").trim();
    let sources = [
        "self",
        "opt",
        "sls",
        "env",
        "file",
        "cf",
        "ssm",
        "s3",
        "param",
        "aws",
        "secretsManager",
        "strToBool",
        "output",
        "git",
    ];
    sources.contains(&word) && (inner.contains(':') || inner.contains('(')) && !inner.starts_with("AWS::")
}

/// Alternatives stand between commas outside of quotes, parentheses and braces.
fn split_alternatives(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0i32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '{') => depth += 1,
            (None, ')' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                out.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}

fn read_service(file: &SourceFile, root: &Arc<Node>, cx: &ReadContext<'_>, problems: &mut Problems) -> Unit {
    let provider = root.str_at(&["provider", "name"]).or(root.str_at(&["provider"])).unwrap_or("");
    let mut unit = match provider {
        "aws" | "" => read_aws(file, root, cx, problems),
        other => read_other(file, root, other, cx),
    };
    unit.format = "serverless";
    unit.run_program_of(file.folder());
    let service = root.at(&["service"]).filter(|service| !is_unsaid(service));
    let service = service.and_then(|node| node.str().or(node.str_at(&["name"]))).unwrap_or("service");
    unit.name = match file.folder() {
        "" => service.to_owned(),
        folder => format!("{folder}/{service}"),
    };
    unit
}

/// Functions by name; a list of mappings counts as one mapping.
fn functions(root: &Node) -> Vec<(&Key, &Node)> {
    let Some(functions) = root.get("functions") else { return Vec::new() };
    let lists = functions.items().iter().flat_map(|item| item.entries());
    functions.entries().into_iter().chain(lists).filter(|(_, function)| function.is_mapping()).collect()
}

fn read_aws(file: &SourceFile, root: &Arc<Node>, cx: &ReadContext<'_>, problems: &mut Problems) -> Unit {
    let mut resources: Vec<(Key, Arc<Node>)> = Vec::new();
    let mut others: Vec<(Key, Arc<Node>)> = Vec::new();
    let embedded = root.get("resources").map(Node::items_or_self).unwrap_or_default();
    for part in embedded {
        for (key, _) in part.entries() {
            let Some(section) = part.get_shared(&key.text) else { continue };
            if &*key.text == "Resources" {
                for (name, _) in section.entries() {
                    resources
                        .extend(section.get_shared(&name.text).map(|node| (name.clone(), Arc::clone(node))));
                }
            } else if matches!(&*key.text, "Outputs" | "Conditions" | "Mappings" | "Parameters") {
                others.push((key.clone(), Arc::clone(section)));
            }
        }
    }
    let shared = root.at(&["provider", "environment"]);
    for (key, function) in functions(root) {
        let mut made = Vec::new();
        resources.push((key.clone(), function_resource(function, shared, root, &mut made)));
        for (name, node) in made {
            if !resources.iter().any(|(key, _)| key.text == name.text) {
                resources.push((name, node));
            }
        }
    }
    let key = Key { text: "Resources".into(), location: root.location.clone() };
    others.push((key, Arc::new(Node::new(Data::Mapping(resources), root.location.clone()))));
    let mut template = Template::new(file, Arc::new(Node::new(Data::Mapping(others), root.location.clone())));
    template.aliases =
        functions(root).into_iter().map(|(key, _)| (logical_id(&key.text), key.text.to_string())).collect();
    let world = World::new(cx.tree, vec![template]);
    let mut files = vec![file];
    files.extend(included(root, file, cx.tree));
    let mut unit =
        read_world(&world, &files, cx, problems, &|_, _| Vec::new()).into_iter().next().unwrap_or_default();
    place(&mut unit, root);
    unit
}

/// Files in which values of the service stand.
fn included<'t>(root: &Node, file: &SourceFile, tree: &'t Tree) -> Vec<&'t SourceFile> {
    let paths: std::collections::BTreeSet<&str> = root
        .scalars()
        .into_iter()
        .map(|(_, node)| &*node.location.path)
        .filter(|path| *path != &**file.path())
        .collect();
    paths.into_iter().filter_map(|path| tree.get(path)).collect()
}

/// A function as the resource that the framework makes of it, and what its events make.
fn function_resource(
    function: &Node,
    shared: Option<&Node>,
    root: &Node,
    made: &mut Vec<(Key, Arc<Node>)>,
) -> Arc<Node> {
    let at = &function.location;
    let mut variables = Vec::new();
    for settings in [shared, function.get("environment")].into_iter().flatten() {
        for (key, _) in settings.entries() {
            variables.extend(settings.get_shared(&key.text).map(|node| (key.clone(), Arc::clone(node))));
        }
    }
    let mut properties =
        vec![(key("Environment", at), mapping(vec![(key("Variables", at), mapping(variables, at))], at))];
    let vpc = function.get_shared("vpc").or_else(|| root.get("provider")?.get_shared("vpc"));
    if let Some(vpc) = vpc.filter(|vpc| vpc.is_mapping()) {
        properties.push((key("VpcConfig", at), Arc::clone(vpc)));
    }
    if let Some(image) = function.get_shared("image").filter(|image| image.str().is_some()) {
        properties.push((key("ImageUri", at), Arc::clone(image)));
    }
    if let Some(events) = function.get_shared("events") {
        for event in events.items() {
            event_resources(event, made, &mut properties);
            properties.extend(guard(event, root));
        }
        properties.push((key("Events", at), Arc::clone(events)));
    }
    let kind = Arc::new(Node::scalar("AWS::Lambda::Function", false, at));
    mapping(vec![(key("Type", at), kind), (key("Properties", at), mapping(properties, at))], at)
}

/// Gateways, buckets and topics that the framework makes for events; the function is given a reference to each.
fn event_resources(event: &Node, made: &mut Vec<(Key, Arc<Node>)>, properties: &mut Vec<(Key, Arc<Node>)>) {
    let at = &event.location;
    let entries = event.entries();
    // `- http: ...`, or the bare word `- httpApi`.
    let (kind, value) = match (entries.first(), event.str()) {
        (Some((kind, value)), _) => (&*kind.text, Some(*value)),
        (None, Some(word)) => (word, None),
        _ => return,
    };
    let plain = |field: &str| {
        let value = value?;
        let name = value.str().or_else(|| value.str_at(&[field])).filter(|_| value.tag.is_none())?;
        let exists = value.get("existing").and_then(Node::bool) == Some(true);
        (!exists && !name.starts_with("arn:")).then(|| name.to_owned())
    };
    let (logical, type_name) = match kind {
        "http" => ("ApiGatewayRestApi".to_owned(), "AWS::ApiGateway::RestApi"),
        "httpApi" => ("HttpApi".to_owned(), "AWS::ApiGatewayV2::Api"),
        "websocket" => ("WebsocketsApi".to_owned(), "AWS::ApiGatewayV2::Api"),
        "s3" => match plain("bucket") {
            Some(name) => (format!("S3Bucket{}", logical_part(&name)), "AWS::S3::Bucket"),
            None => return,
        },
        "sns" => match plain("topicName") {
            Some(name) => (format!("SNSTopic{}", logical_part(&name)), "AWS::SNS::Topic"),
            None => return,
        },
        _ => return,
    };
    let kind = Arc::new(Node::scalar(type_name, false, at));
    made.push((key(&logical, at), mapping(vec![(key("Type", at), kind)], at)));
    let mut reference = Node::scalar(&logical, false, at);
    reference.tag = Some("!Ref".into());
    properties.push((key(&format!("Event{logical}"), at), Arc::new(reference)));
}

/// The function that lets the requests of an event in: named by itself, or as the authorizer that the service declares.
fn guard(event: &Node, root: &Node) -> Option<(Key, Arc<Node>)> {
    let (_, value) = event.entries().into_iter().next()?;
    let authorizer = value.get("authorizer")?;
    let name = authorizer.str().or(authorizer.str_at(&["name"]))?;
    let declared = root.str_at(&["provider", "httpApi", "authorizers", name, "functionName"]);
    let known = functions(root);
    let is_known = |name: &&str| known.iter().any(|(key, _)| *key.text == **name);
    let function = [Some(name), declared].into_iter().flatten().find(is_known)?;
    let mut reference = Node::scalar(function, false, &authorizer.location);
    reference.tag = Some("!Ref".into());
    Some((key(&format!("Authorizer{}", logical_part(function)), &authorizer.location), Arc::new(reference)))
}

/// The name that the framework gives a function among the resources, by which embedded ones refer to it.
fn logical_id(function: &str) -> String {
    let plain = function.replace('-', "Dash").replace('_', "Underscore");
    let mut letters = plain.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain("LambdaFunction".chars()).collect()
}

/// A name as a part of a logical id.
fn logical_part(name: &str) -> String {
    let mut upper = true;
    let mut out = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => {
                out.push(if upper { c.to_ascii_uppercase() } else { c });
                upper = false;
            }
            _ => upper = true,
        }
    }
    out
}

fn key(text: &str, at: &Location) -> Key {
    Key { text: text.into(), location: at.clone() }
}

fn mapping(entries: Vec<(Key, Arc<Node>)>, at: &Location) -> Arc<Node> {
    Arc::new(Node::new(Data::Mapping(entries), at.clone()))
}

/// The region, where the service names one.
fn place(unit: &mut Unit, root: &Node) {
    let region = root.at(&["provider", "region"]);
    let known = region.filter(|region| region.tag.is_none()).and_then(Node::str);
    let why = match region {
        Some(_) => "`provider.region` is a variable that is not known",
        None => "`provider.region` is not written",
    };
    for node in &mut unit.nodes {
        let stands =
            node.placement.region.is_none() && !node.placement.global && node.placement.provider.is_some();
        if !stands {
            continue;
        }
        node.placement.region = known.map(str::to_owned);
        node.placement.region_unknown = known.is_none().then(|| why.to_owned());
    }
}

fn read_other(file: &SourceFile, root: &Node, provider: &str, cx: &ReadContext<'_>) -> Unit {
    let service = root.str_at(&["service"]).or(root.str_at(&["service", "name"])).unwrap_or("service");
    let mut draft = Draft::new("serverless", service, file.folder(), cx);
    let platform = match provider {
        "google" => Some(("gcp", "cloud-functions")),
        "azure" => Some(("azure", "functions")),
        "cloudflare" => Some(("cloudflare", "workers")),
        "aliyun" => Some(("alibaba", "function-compute")),
        "tencent" => Some(("tencent", "scf")),
        _ => None,
    };
    let region = root.at(&["provider", "region"]).or(root.at(&["provider", "location"]));
    let region = region.filter(|region| region.tag.is_none()).and_then(Node::str);
    let scope =
        if file.folder().is_empty() { service.to_owned() } else { format!("{}/{service}", file.folder()) };
    for (key, function) in functions(root) {
        let id = Id::new(format!("serverless:{scope}/{}", key.text));
        let at = Node::scalar("", false, &key.location);
        let node = draft.node(&id, Kind::Service, &key.text, &at);
        node.category = Some(Category::Compute);
        node.type_name = Some(format!("{provider} function"));
        match platform {
            Some((provider, product)) => {
                node.on(provider, product);
                node.placement.region = region.map(|region| region.to_lowercase().replace(' ', ""));
                node.placement.region_unknown =
                    region.is_none().then(|| "`provider.region` is not written".to_owned());
            }
            None => {
                node.tolerance = Tolerance::Unknown;
                node.tolerance_because =
                    Some(format!("nothing is known of what runs functions of `{provider}`"));
            }
        }
        draft.unit.add_name(&key.text, &id, Reach::Unit);
        for settings in
            [root.at(&["provider", "environment"]), function.get("environment")].into_iter().flatten()
        {
            draft.settings(&id, settings);
        }
    }
    draft.unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Target;

    fn read(texts: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(texts.iter().copied());
        let files: Vec<_> = tree.files().filter(|file| Serverless.claims(file, &tree)).collect();
        let catalog = crate::catalog::Catalog::embedded();
        Serverless.read(&files, &ReadContext { tree: &tree, catalog, environment: None })
    }

    fn edges(out: &Declarations) -> Vec<String> {
        let edges = out.units.iter().flat_map(|unit| &unit.edges);
        edges.map(|edge| format!("{} {}", edge.from.rest(), edge.to.rest())).collect()
    }

    const TABLE: &str = "resources:\n  Resources:\n    Todos:\n      Type: AWS::DynamoDB::Table\n      Properties:\n        \
                         TableName: ${self:provider.environment.TABLE}\n";

    #[test]
    fn functions_need_the_table_whose_name_they_are_told() {
        let head = "service: todo\nprovider:\n  name: aws\n  environment:\n    TABLE: ${self:service}-${opt:stage, self:provider.stage}\n\
                    functions:\n  list:\n    handler: a.b\n    events:\n    - http: {path: x, method: get}\n";
        let out = read(&[("api/serverless.yml", &format!("{head}{TABLE}"))]);
        assert_eq!(
            edges(&out),
            [
                "api/serverless/list api/serverless/Todos",
                "api/serverless/list api/serverless/ApiGatewayRestApi"
            ]
        );
        let region = &out.units[0].nodes[0].placement;
        assert!(
            region.region.is_none()
                && region.region_unknown.as_deref() == Some("`provider.region` is not written")
        );
    }

    #[test]
    fn defaults_files_and_regions_are_followed() {
        let head = "service: todo\ncustom: ${file(config.yml)}\nprovider:\n  name: aws\n  region: ${opt:region, 'eu-west-1'}\n  \
                    environment:\n    TABLE: ${self:custom.table}-${env:NOT_KNOWN}\n    \
                    API_URL: https://${self:custom.hosts.${opt:stage, 'dev'}}\nfunctions:\n  f: {handler: a.b, events: [{sqs: {arn: {Fn::GetAtt: [Q, Arn]}}}]}\n";
        let text = format!("{head}{TABLE}    Q:\n      Type: AWS::SQS::Queue\n");
        let out = read(&[
            ("serverless.yml", &text),
            ("config.yml", "table: things\nhosts: {dev: dev.example.net}\n"),
        ]);
        assert_eq!(edges(&out), ["serverless/f serverless/Todos", "serverless/f serverless/Q"]);
        assert_eq!(out.units[0].nodes[0].placement.region.as_deref(), Some("eu-west-1"));
        assert_eq!(out.units[0].references.len(), 1);
    }

    #[test]
    fn resources_refer_to_functions_by_the_names_of_the_framework() {
        let out = read(&[(
            "serverless.yml",
            "service: shop\nprovider: {name: aws}\nfunctions:\n  confirm-user: {handler: a.b}\nresources:\n  Resources:\n    \
             Pool: {Type: AWS::Cognito::UserPool, Properties: {LambdaConfig: {PostConfirmation: !GetAtt ConfirmDashuserLambdaFunction.Arn}}}\n",
        )]);
        assert_eq!(edges(&out), ["serverless/Pool serverless/confirm-user"]);
    }

    #[test]
    fn functions_need_the_one_that_lets_their_requests_in() {
        let out = read(&[(
            "serverless.yml",
            "service: shop\nprovider: {name: aws, httpApi: {authorizers: {token: {type: request, functionName: check}}}}\n\
             functions:\n  check: {handler: a.b}\n  a: {handler: a.b, events: [{http: {path: /, method: get, authorizer: check}}]}\n  \
             b: {handler: a.b, events: [{http: {path: /, method: get, authorizer: {name: check}}}]}\n  \
             c: {handler: a.b, events: [{httpApi: {path: /, method: get, authorizer: {name: token}}}]}\n  \
             d: {handler: a.b, events: [{http: {path: /, method: get, authorizer: aws_iam}}]}\n",
        )]);
        let found: Vec<_> =
            edges(&out).into_iter().filter(|edge| edge.contains("serverless/check")).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(!found.iter().any(|edge| edge.starts_with("serverless/d")), "{found:?}");
    }

    #[test]
    fn parameters_are_looked_up_to_deploy_and_known_alternatives_count() {
        let out = read(&[(
            "serverless.yml",
            "service: shop\nprovider: {name: aws, environment: {KEY: '${ssm:/shop/key}', NAME: \"${ssm:/x, 'known'}\"}}\n\
             functions:\n  a: {handler: a.b}\n  b: {handler: a.b, environment: {PW: 'x-${ssm(eu-west-1):/aws/reference/secretsmanager/db}'}}\n",
        )]);
        let mut looked_up: Vec<_> = out.units[0]
            .references
            .iter()
            .filter_map(|reference| match &reference.target {
                Target::Provider { service: Some(service), .. } => {
                    Some(format!("{} {service} {}", reference.from.rest(), reference.phase))
                }
                _ => None,
            })
            .filter(|text| text.ends_with("deploy"))
            .collect();
        looked_up.sort();
        assert_eq!(
            looked_up,
            ["serverless/a ssm deploy", "serverless/b secretsmanager deploy", "serverless/b ssm deploy"]
        );
    }

    #[test]
    fn other_platforms_have_functions_too() {
        let out = read(&[(
            "serverless.yml",
            "service: s\nprovider: {name: google, region: europe-west1}\nfunctions: {f: {handler: http}}\n",
        )]);
        let node = &out.units[0].nodes[0];
        assert_eq!(
            (node.id.as_str(), node.placement.region.as_deref()),
            ("serverless:s/f", Some("europe-west1"))
        );
    }

    #[test]
    fn variables_that_lead_to_themselves_end() {
        let out = read(&[(
            "serverless.yml",
            "service: ${self:service}\nprovider: {name: aws, a: '${self:provider.b}${self:provider.b}', b: '${self:provider.a}${self:provider.a}'}\nfunctions: {f: {handler: x}}\n",
        )]);
        assert_eq!(out.units[0].nodes.len(), 1);
    }
}
