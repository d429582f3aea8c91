//! CloudFormation and SAM templates, those of the CDK among them.
//!
//! Templates are evaluated with what they say themselves ([`template`], [`value`]); their resources are given on
//! under the names that Terraform has for them ([`names`], [`convert`]), so that one set of rules serves both.

mod convert;
mod deploying;
mod names;
mod template;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::convert::{Files, Resources};
pub(crate) use self::names::snake;
pub(super) use self::template::stack_name;
pub(super) use self::template::{Resource, Template, World};
use self::value::{Data, Val};
use super::json::parse_any;
use super::terraform::given::{self, Given};
use super::yaml::{Node, evidence_at};
use super::{Format, ReadContext};
use crate::model::{Confidence, Declarations, Environment, Id, Need, Phase, Reference, Target, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// CloudFormation and SAM templates.
pub struct CloudFormation;

/// Names of parameters that choose an environment.
const ENVIRONMENT_PARAMETERS: &[&str] = &[
    "environment",
    "environmentname",
    "environmenttype",
    "env",
    "envname",
    "envtype",
    "stage",
    "stagename",
    "deploymentenvironment",
    "deployenv",
];

impl Format for CloudFormation {
    fn name(&self) -> &'static str {
        "cloudformation"
    }

    fn summary(&self) -> &'static str {
        "CloudFormation and SAM templates (YAML, JSON, cdk.out), evaluated with what they say themselves"
    }

    fn wants(&self, path: &str) -> bool {
        [".yaml", ".yml", ".json", ".template"].iter().any(|end| path.ends_with(end))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let text = file.text();
        let has_resources = text.lines().any(|line| {
            let line = line.trim_start().trim_start_matches(['{', '"', '\'']);
            line.strip_prefix("Resources")
                .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
        }) || text.contains("\"Resources\":");
        has_resources && (text.contains("AWSTemplateFormatVersion") || names_type(text))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut templates = Vec::new();
        let mut environments = Vec::new();
        for file in without_twins(files, &mut out.problems) {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            if root.get("Resources").is_none_or(|resources| !resources.is_mapping()) {
                continue;
            }
            let mut template = Template::new(file, root);
            environments.push(choose_environment(&mut template, cx));
            templates.push(template);
        }
        let world = World::new(cx.tree, templates);
        let mut units = read_world(&world, files, cx, &mut out.problems, &|_, _| Vec::new());
        for (unit, environments) in units.iter_mut().zip(environments) {
            unit.environments = environments;
        }
        out.units = units;
        out
    }
}

/// `Type: AWS::...` or `"Type": "AWS::..."`.
fn names_type(text: &str) -> bool {
    text.lines().any(|line| {
        let plain = line.trim_start().trim_start_matches(['"', '\'', '{']);
        plain.starts_with("Type") && plain.contains("AWS::")
    }) || ["\"Type\":\"AWS::", "\"Type\": \"AWS::", "{Type: AWS::", " Type: AWS::"]
        .iter()
        .any(|form| text.contains(form))
}

/// Of templates that differ in their extension only, the one in YAML: the other says the same.
fn without_twins<'f>(files: &[&'f SourceFile], problems: &mut Problems) -> Vec<&'f SourceFile> {
    let is_yaml = |file: &SourceFile| file.name().ends_with(".yaml") || file.name().ends_with(".yml");
    let mut first: BTreeMap<&str, &SourceFile> = BTreeMap::new();
    for file in files.iter().filter(|file| is_yaml(file)) {
        first.entry(stack_name(file.path())).or_insert(file);
    }
    let mut out = Vec::new();
    for file in files {
        match first.get(stack_name(file.path())) {
            Some(other) if other.path() != file.path() => {
                let message =
                    format!("twin of `{}`: the same stack in another notation, read once", other.name());
                problems.note(file.line_location(1), message);
            }
            _ => {
                first.entry(stack_name(file.path())).or_insert(file);
                out.push(*file);
            }
        }
    }
    out
}

/// Gives the parameter that chooses an environment its value.
fn choose_environment(template: &mut Template, cx: &ReadContext<'_>) -> Vec<Environment> {
    let parameters = template.root.get("Parameters").map(Node::entries).unwrap_or_default();
    let found = parameters.into_iter().find_map(|(key, declared)| {
        let chooses = ENVIRONMENT_PARAMETERS.contains(&value::plain(&key.text).as_str());
        let allowed = declared.get("AllowedValues").map(Node::items).unwrap_or_default();
        (chooses && allowed.len() > 1).then(|| (key.text.to_string(), declared.clone()))
    });
    let Some((name, declared)) = found else { return Vec::new() };
    let allowed = declared.get("AllowedValues").map(Node::items).unwrap_or_default();
    let names: Vec<&str> = allowed.iter().filter_map(|value| value.str()).collect();
    let default = declared.str_at(&["Default"]);
    let chosen = cx
        .choose_environment(&names)
        .or(default.and_then(|default| names.iter().copied().find(|n| *n == default)));
    let Some(chosen) = chosen else { return Vec::new() };
    if let Some(at) = allowed.iter().find(|value| value.str() == Some(chosen)) {
        template.given.insert(name, Val::text_of(chosen, &at.location));
    }
    let evidence = vec![template.path.to_string()];
    names
        .iter()
        .map(|name| Environment {
            name: (*name).to_owned(),
            chosen: *name == chosen,
            evidence: evidence.clone(),
        })
        .collect()
}

/// Reads all templates into one unit each. `more` adds resources that stand beside those of a template, given its
/// index and what is known of its resources.
pub(super) fn read_world(
    world: &World<'_>,
    files: &[&SourceFile],
    cx: &ReadContext<'_>,
    problems: &mut Problems,
    more: &(dyn Fn(usize, usize) -> Vec<Given> + Sync),
) -> Vec<Unit> {
    let mut units: Vec<Unit> = world
        .templates
        .iter()
        .map(|template| Unit::new("cloudformation", template.name.clone(), template.folder.clone()))
        .collect();
    let resources: Vec<Vec<Resource>> =
        (0..world.templates.len()).map(|stack| world.resources(stack, problems)).collect();
    let (groups, files, templates) = (groups(&resources), Files::new(files), &world.templates);
    let read: Vec<Together> = groups
        .par_iter()
        .map(|group| read_together(templates, group, &resources, &files, cx, more))
        .collect();
    for (group, together) in groups.iter().zip(read) {
        problems.extend(together.problems);
        split(together.unit, &together.stacks, group[0], &mut units);
    }
    units
}

/// What stacks that refer to each other are, read as one.
struct Together {
    unit: Unit,
    /// The stack of each resource.
    stacks: BTreeMap<Id, usize>,
    problems: Problems,
}

fn read_together(
    templates: &[Template],
    group: &[usize],
    resources: &[Vec<Resource>],
    files: &Files<'_>,
    cx: &ReadContext<'_>,
    more: &(dyn Fn(usize, usize) -> Vec<Given> + Sync),
) -> Together {
    let mut all = Vec::new();
    let mut perhaps = BTreeMap::new();
    let mut stacks = BTreeMap::new();
    let stack_resources: Vec<Resource> =
        group.iter().flat_map(|stack| &resources[*stack]).map(clone_of).collect();
    let index = Resources::new(&stack_resources, files);
    for (at, one) in stack_resources.iter().enumerate() {
        let given = index.given(cx.catalog, templates, at);
        stacks.insert(given.id.clone(), one.stack);
        if let Some(reason) = &one.perhaps {
            perhaps.insert(given.id.clone(), reason.clone());
        }
        all.push(given);
    }
    for stack in group {
        for given in more(*stack, all.len()) {
            stacks.insert(given.id.clone(), *stack);
            all.push(given);
        }
    }
    let (mut unit, mut problems) = (Unit::default(), Problems::new());
    given::read(&all, files.all, cx.catalog, cx.tree, &mut unit, &mut problems);
    finish(&mut unit, &perhaps);
    let ids: Vec<&Id> = all.iter().map(|given| &given.id).collect();
    say_elsewhere(&stack_resources, &ids, cx.tree, &mut unit);
    deploying::read(&index, &ids, cx.tree, &mut unit);
    Together { unit, stacks, problems }
}

fn clone_of(one: &Resource) -> Resource {
    Resource {
        stack: one.stack,
        logical: one.logical.clone(),
        type_name: one.type_name.clone(),
        at: one.at.clone(),
        properties: one.properties.clone(),
        perhaps: one.perhaps.clone(),
    }
}

/// Templates whose resources refer to each other are read together.
fn groups(resources: &[Vec<Resource>]) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..resources.len()).collect();
    fn top(leader: &mut [usize], mut at: usize) -> usize {
        while leader[at] != at {
            leader[at] = leader[leader[at]];
            at = leader[at];
        }
        at
    }
    for (stack, list) in resources.iter().enumerate() {
        for one in list {
            for (_, leaf) in one.properties.leaves() {
                for reference in leaf.refs.iter().filter(|reference| reference.stack != stack) {
                    let (a, b) = (top(&mut leader, stack), top(&mut leader, reference.stack));
                    leader[a.max(b)] = a.min(b);
                }
            }
        }
    }
    let mut out: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for stack in 0..resources.len() {
        let top = top(&mut leader, stack);
        out.entry(top).or_default().push(stack);
    }
    out.into_values().collect()
}

/// What holds for CloudFormation alone.
fn finish(unit: &mut Unit, perhaps: &BTreeMap<Id, String>) {
    for node in &mut unit.nodes {
        if node.placement.region.is_none()
            && !node.placement.global
            && node.placement.provider.as_deref() == Some("aws")
        {
            node.placement.region_unknown = Some("the region is given when the stack is made".to_owned());
        }
        if let Some(reason) = perhaps.get(&node.id) {
            node.replication.unknown = Some(reason.clone());
        }
        // Which zone the first of the region is, is not known; that it is one zone for the whole stack is.
        let stack = node.id.rest().rsplit_once('/').map_or("", |(stack, _)| stack).to_owned();
        for zone in &mut node.placement.zones {
            if zone.starts_with("az-") {
                *zone = format!("{stack}/{zone}");
            }
        }
    }
}

/// What a resource takes from a stack that was not scanned is kept as a reference that leads nowhere. Rights and
/// rules on traffic are no needs.
fn say_elsewhere(resources: &[Resource], ids: &[&Id], tree: &Tree, unit: &mut Unit) {
    for (resource, id) in resources.iter().zip(ids) {
        if !unit.nodes.iter().any(|node| node.id == **id) {
            continue;
        }
        let mut seen = BTreeSet::new();
        for (path, leaf) in resource.properties.leaves() {
            let Data::Unknown { reason, .. } = &leaf.data else { continue };
            let Some((text, because)) = template::said_elsewhere(reason) else { continue };
            let is_right = ["SecurityGroup", "Role", "Polic", "Tags"].iter().any(|word| path.contains(word));
            if is_right || !seen.insert(text.to_owned()) {
                continue;
            }
            unit.references.push(Reference {
                from: (*id).clone(),
                target: Target::Unresolved { text: text.to_owned(), because: because.to_owned() },
                phase: Phase::Runtime,
                need: Need::Required,
                group: None,
                confidence: Confidence::Inferred,
                evidence: vec![evidence_at(&leaf.at, tree)],
            });
        }
    }
}

/// Hands each stack what is its own; what belongs to none goes to the first.
fn split(read: Unit, stacks: &BTreeMap<Id, usize>, first: usize, units: &mut [Unit]) {
    let stack = |id: &Id| stacks.get(id).copied().unwrap_or(first);
    for node in read.nodes {
        units[stack(&node.id)].nodes.push(node);
    }
    for edge in read.edges {
        units[stack(&edge.from)].edges.push(edge);
    }
    for group in read.groups {
        units[stack(&group.owner)].groups.push(group);
    }
    for name in read.names {
        units[stack(&name.id)].names.push(name);
    }
    for reference in read.references {
        units[stack(&reference.from)].references.push(reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Attribute, Kind, Tolerance};

    fn read(texts: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(texts.iter().copied());
        let files: Vec<_> = tree.files().filter(|file| CloudFormation.claims(file, &tree)).collect();
        let catalog = crate::catalog::Catalog::embedded();
        CloudFormation.read(&files, &ReadContext { tree: &tree, catalog, environment: None })
    }

    fn tolerance(out: &Declarations, id: &str) -> Tolerance {
        let mut nodes = out.units.iter().flat_map(|unit| &unit.nodes);
        nodes.find(|node| node.id.as_str() == id).unwrap_or_else(|| panic!("no {id}")).tolerance
    }

    fn edges(out: &Declarations) -> Vec<String> {
        let edges = out.units.iter().flat_map(|unit| &unit.edges);
        edges.map(|edge| format!("{} {} {}", edge.from.rest(), edge.to.rest(), edge.phase)).collect()
    }

    #[test]
    fn parameters_conditions_and_mappings_are_worked_out() {
        let template = "Parameters:\n  Multi: {Type: String, Default: 'false'}\n  Env: {Type: String, Default: dev, \
             AllowedValues: [dev, prod]}\nMappings: {Size: {prod: {days: 7}, dev: {days: 0}}}\nConditions: {IsProd: \
             !Equals [!Ref Env, prod], IsDev: !Not [!Condition IsProd]}\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    \
             Properties: {MultiAZ: !Ref Multi, BackupRetentionPeriod: !FindInMap [Size, !Ref Env, days], \
             AvailabilityZone: !Select [0, !GetAZs '']}\n  Toy: {Type: AWS::S3::Bucket, Condition: IsDev}\n";
        let out = read(&[("db/main.yaml", template)]);
        assert_eq!(tolerance(&out, "cfn:db/main/Db"), Tolerance::Nothing);
        let unit = &out.units[0];
        assert_eq!(unit.nodes.len(), 1, "the condition of the bucket does not hold in production");
        assert_eq!(unit.nodes[0].attributes.bool(Attribute::Backup), Some(true));
        assert_eq!(unit.nodes[0].placement.region, None);
        assert!(unit.environments.iter().any(|environment| environment.name == "prod" && environment.chosen));
    }

    #[test]
    fn twins_are_read_once() {
        let json = "{\"Resources\": {\"Q\": {\"Type\": \"AWS::SQS::Queue\"}}}";
        let out = read(&[
            ("q.yaml", "Resources: {Q: {Type: AWS::SQS::Queue}}\n"),
            ("q.json", json),
            ("r.json", json),
        ]);
        assert_eq!(out.units.len(), 2);
        assert!(out.problems.iter().any(|problem| problem.message.contains("twin of `q.yaml`")));
    }

    #[test]
    fn functions_need_what_their_environment_names() {
        let template = "Resources:\n  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub 'todo-${AWS::StackName}'}}\n  \
             Queue: {Type: AWS::SQS::Queue}\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Environment: {Variables: \
             {TABLE: !Ref Table, QUEUE_URL: !GetAtt Queue.QueueUrl}}\n  G:\n    Type: AWS::Lambda::Function\n    Properties: \
             {Environment: {Variables: {TABLE: !Sub 'todo-${AWS::StackName}'}}}\n";
        let out = read(&[("app.yaml", template)]);
        assert_eq!(
            edges(&out),
            ["app/F app/Table runtime", "app/F app/Queue runtime", "app/G app/Table runtime"]
        );
    }

    #[test]
    fn nested_stacks_and_exports_join_templates() {
        let out = read(&[
            (
                "root.yaml",
                "Resources:\n  Data: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./data.yaml, Parameters: {Multi: 'true'}}}\n  \
                           F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {DB: !GetAtt Data.Outputs.Host, Q: !ImportValue shared-queue}}}}\n",
            ),
            (
                "data.yaml",
                "Parameters: {Multi: {Type: String, Default: 'false'}}\nResources: {Db: {Type: AWS::RDS::DBInstance, Properties: {MultiAZ: !Ref Multi}}}\n\
                           Outputs: {Host: {Value: !GetAtt Db.Endpoint.Address}}\n",
            ),
            (
                "shared.yaml",
                "Resources: {Queue: {Type: AWS::SQS::Queue}}\nOutputs: {Q: {Value: !Ref Queue, Export: {Name: shared-queue}}}\n",
            ),
        ]);
        assert_eq!(tolerance(&out, "cfn:data/Db"), Tolerance::Zone);
        assert_eq!(edges(&out), ["root/F data/Db runtime", "root/F shared/Queue runtime"]);
    }

    #[test]
    fn templates_in_a_bucket_have_the_paths_that_they_have_here() {
        let root = "Parameters: {Bucket: {Type: String}, Prefix: {Type: String}}\nResources:\n  \
                    Net: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://s3.amazonaws.com/bucket/infrastructure/vpc.yaml'}}\n  \
                    App: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Sub 'https://${Bucket}.s3.amazonaws.com/${Prefix}services/app.yaml', \
                    Parameters: {Queue: !GetAtt Net.Outputs.Q}}}\n";
        let vpc = "Resources: {Queue: {Type: AWS::SQS::Queue}}\nOutputs: {Q: {Value: !Ref Queue}}\n";
        let app = "Parameters: {Queue: {Type: String}}\nResources:\n  F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {Q: !Ref Queue}}}}\n";
        let out =
            read(&[("master.yaml", root), ("infrastructure/vpc.yaml", vpc), ("services/app.yaml", app)]);
        assert_eq!(edges(&out), ["services/app/F infrastructure/vpc/Queue runtime"]);
    }

    #[test]
    fn letters_behind_the_region_are_zones_and_a_proxy_needs_its_cluster() {
        let subnet = |name: &str, zone: &str| {
            format!("  {name}: {{Type: AWS::EC2::Subnet, Properties: {{AvailabilityZone: {zone}}}}}\n")
        };
        let template = format!(
            "Resources:\n{}{}  Lb: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{Subnets: [!Ref A, !Ref B]}}}}\n  \
             Db: {{Type: AWS::RDS::DBCluster, Properties: {{Engine: aurora-mysql}}}}\n  \
             Proxy: {{Type: AWS::RDS::DBProxy, Properties: {{VpcSubnetIds: [!Ref A, !Ref B]}}}}\n  \
             Targets: {{Type: AWS::RDS::DBProxyTargetGroup, Properties: {{DBProxyName: !Ref Proxy, DBClusterIdentifiers: [!Ref Db]}}}}\n",
            subnet("A", "!Join ['', [!Ref 'AWS::Region', a]]"),
            subnet("B", "!Sub '${AWS::Region}b'"),
        );
        let out = read(&[("db.yaml", &template)]);
        let balancer = out.units[0].nodes.iter().find(|node| node.id.as_str() == "cfn:db/Lb").unwrap();
        assert_eq!(balancer.placement.zones, ["db/az-a", "db/az-b"]);
        assert_eq!(tolerance(&out, "cfn:db/Proxy"), Tolerance::Zone);
        assert!(needs(&out, "cfn:db/Proxy").contains(&"cfn:db/Db".to_owned()));
    }

    #[test]
    fn loops_make_their_resources() {
        let template = "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::Queues:\n  - Name\n  - [Red, Blue]\n  - \
             'Queue${Name}': {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'q-${Name}'}}\n";
        let out = read(&[("loop.yaml", template)]);
        let ids: Vec<_> = out.units[0].nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids, ["cfn:loop/QueueRed", "cfn:loop/QueueBlue"]);
    }

    #[test]
    fn templates_that_lead_into_themselves_end() {
        let template = "Conditions: {A: !Condition B, B: !Condition A}\nResources:\n  S: {Type: AWS::CloudFormation::Stack, Properties: \
             {TemplateURL: ./self.yaml, Parameters: {P: !GetAtt S.Outputs.O}}}\n  Q: {Type: AWS::SQS::Queue, Condition: A, Properties: {QueueName: \
             !GetAtt S.Outputs.O}}\nOutputs: {O: {Value: !GetAtt S.Outputs.O}}\n";
        let out = read(&[("self.yaml", template)]);
        assert_eq!(out.units[0].nodes.len(), 1);
        assert!(out.units[0].nodes[0].replication.unknown.is_some());
    }

    fn needs(out: &Declarations, from: &str) -> Vec<String> {
        let edges = out.units.iter().flat_map(|unit| &unit.edges);
        edges.filter(|edge| edge.from.as_str() == from).map(|edge| edge.to.to_string()).collect()
    }

    #[test]
    fn globals_and_scripts_tell_programs_what_they_need() {
        let out = read(&[(
            "app.yaml",
            "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function: {Environment: {Variables: {TABLE: !Ref Table}}}\n\
             Resources:\n  Table: {Type: AWS::Serverless::SimpleTable}\n  \
             F: {Type: AWS::Serverless::Function, Properties: {Environment: {Variables: {MODE: fast}}}}\n  \
             Db: {Type: AWS::RDS::DBInstance, Properties: {Engine: mysql}}\n  \
             Config: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: {UserData: {'Fn::Base64': !Sub 'DB=${Db.Endpoint.Address}'}}}\n  \
             Web: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {MinSize: '1', LaunchConfigurationName: !Ref Config}}\n",
        )]);
        assert!(needs(&out, "cfn:app/F").contains(&"cfn:app/Table".to_owned()));
        assert!(needs(&out, "cfn:app/Web").contains(&"cfn:app/Db".to_owned()));
    }

    #[test]
    fn versions_and_aliases_of_a_function_are_the_function() {
        let out = read(&[(
            "app.yaml",
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}\n  \
             Flow:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Definition:\n        States:\n          \
             Run: {Type: Task, Parameters: {FunctionName: !Ref F.Version}}\n",
        )]);
        assert_eq!(needs(&out, "cfn:app/Flow"), ["cfn:app/F"]);
    }

    #[test]
    fn what_is_looked_up_when_a_stack_is_made_is_needed_to_deploy_it() {
        let out = read(&[(
            "app.yaml",
            "Resources:\n  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: prod/db}}\n  \
             Db: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: !Sub '{{resolve:secretsmanager:${Secret}::password}}'}}\n  \
             Other: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: '{{resolve:secretsmanager:prod/db:SecretString:password}}'}}\n  \
             F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {HOST: '{{resolve:ssm:/db/host:1}}'}}}}\n",
        )]);
        let unit = &out.units[0];
        let edges: Vec<_> = unit.edges.iter().map(|e| (e.from.rest(), e.to.rest(), e.phase)).collect();
        assert_eq!(
            edges,
            [("app/Db", "app/Secret", Phase::Deploy), ("app/Other", "app/Secret", Phase::Deploy)]
        );
        let parameter =
            Target::Provider { provider: "aws".to_owned(), service: Some("ssm".to_owned()), region: None };
        let asks = |reference: &&Reference| reference.target == parameter && reference.phase == Phase::Deploy;
        assert!(unit.references.iter().filter(asks).any(|reference| reference.from.rest() == "app/F"));
    }

    #[test]
    fn functions_behind_custom_resources_are_not_missed() {
        let out = read(&[(
            "app.yaml",
            "Resources:\n  Clean: {Type: Custom::Clean, Properties: {ServiceToken: !GetAtt Handler.Arn}}\n  \
             Handler: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs22.x}}\n  \
             Shop: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs22.x}}\n  \
             CDKMetadata: {Type: AWS::CDK::Metadata, Properties: {Analytics: x}}\n",
        )]);
        let nodes: Vec<_> = out.units[0].nodes.iter().map(|node| (node.id.rest(), node.kind)).collect();
        assert_eq!(nodes, [("app/Handler", Kind::Component), ("app/Shop", Kind::Service)]);
    }

    #[test]
    fn what_other_stacks_say_is_found_or_kept_as_unresolved() {
        let network = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\nOutputs:\n  \
                       Q: {Value: !Ref Queue, Export: {Name: !Sub '${AWS::StackName}-JobQueue'}}\n";
        let app = "Resources:\n  Data: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://bucket.test/data.yaml'}}\n  \
                   F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {\
                   Q: {'Fn::ImportValue': !Sub '${Base}-JobQueue'}, D: !ImportValue shared-db, E: !GetAtt Data.Outputs.Host}}}}\n\
                   Parameters:\n  Base: {Type: String}\n";
        let out = read(&[("app.yaml", app), ("network.yaml", network)]);
        assert!(needs(&out, "cfn:app/F").contains(&"cfn:network/Queue".to_owned()));
        let unresolved: Vec<&str> = out
            .units
            .iter()
            .flat_map(|unit| &unit.references)
            .filter_map(|reference| match &reference.target {
                Target::Unresolved { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(unresolved, ["shared-db", "Data"]);
    }
}
