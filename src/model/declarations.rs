//! What readers hand over: nodes and edges that they know, names they define, references they cannot resolve.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Confidence, Edge, Evidence, Group, Id, Need, Node, Phase};
use crate::source::Problems;

/// Everything one format's reader found.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    /// Separate deployments: a Terraform root, a compose project, a chart, a folder of raw manifests.
    pub units: Vec<Unit>,
    /// What could not be read, or only in part.
    pub problems: Problems,
}

/// One deployment, read whole: its references are resolved against its own names first.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Name for people, unique within the format: usually the folder.
    pub name: String,
    /// The format's name.
    pub format: &'static str,
    /// Folder of the unit, relative to the root.
    pub folder: String,
    /// Environments that were found for it.
    pub environments: Vec<Environment>,
    /// Folders whose own unit says with its defaults what this one holds as it is deployed.
    pub deploys: BTreeSet<String>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Dependencies whose both ends the reader knows.
    pub edges: Vec<Edge>,
    /// Redundancy groups.
    pub groups: Vec<Group>,
    /// Names that nodes of this unit answer to.
    pub names: Vec<Name>,
    /// Hosts for which nodes of this unit answer behind a front of their provider.
    pub serves: Vec<Serves>,
    /// Dependencies whose far end has to be looked up.
    pub references: Vec<Reference>,
    /// Folders whose programs are run or built.
    pub programs: Vec<Program>,
    /// Set when the unit says what the program of its folder needs, and nothing of where the program runs.
    pub about: Option<About>,
}

/// A folder with a program, and who runs or builds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// The folder, relative to the root.
    pub folder: String,
    /// What runs it; `None` when the folder is known to be built into an image, and no more.
    pub run_by: Option<Id>,
}

/// A unit that speaks of a program: its needs are those of the nodes that run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The node that stands for the program where nothing else does; all needs of the unit are its needs.
    pub node: Id,
    /// Names under which an image of the program may be known.
    pub names: Vec<String>,
}

/// One of several alternatives of a unit (production, staging), of which one is analyzed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Environment {
    /// Name.
    pub name: String,
    /// Whether this is the one that was analyzed.
    pub chosen: bool,
    /// The files that make it.
    pub evidence: Vec<String>,
}

/// A name that a node answers to: a hostname, a DNS name, an endpoint, an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The name, lower case, without port or final dot.
    pub name: String,
    /// What it leads to.
    pub id: Id,
    /// Who may use it.
    pub reach: Reach,
}

/// A host for which a node answers: a record of the DNS that leads to the provider's shared front leads to the node.
#[derive(Clone, Debug, PartialEq)]
pub struct Serves {
    /// The host, lower case, without final dot.
    pub host: String,
    /// Who answers.
    pub id: Id,
    /// What says so.
    pub evidence: Evidence,
}

/// Who may use a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// References of the same unit.
    Unit,
    /// Any reference: public DNS names, fully qualified endpoints, cluster-wide names.
    Everywhere,
}

/// A dependency whose far end has to be looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Who needs.
    pub from: Id,
    /// What it names.
    pub target: Target,
    /// When.
    pub phase: Phase,
    /// How much.
    pub need: Need,
    /// A group of `from`, if this is one of several alternatives.
    pub group: Option<Id>,
    /// Who says so.
    pub confidence: Confidence,
    /// What says so.
    pub evidence: Vec<Evidence>,
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A node by its id; kept as unresolved when no such node exists.
    Id(Id),
    /// A hostname, from a URL, a `host:port` or a bare value that is known to be a host.
    Host {
        /// Lower case, without port or final dot.
        name: String,
        /// Port.
        port: Option<u16>,
        /// URL scheme, which tells what kind of thing is there.
        scheme: Option<String>,
    },
    /// An address.
    Address(IpAddr),
    /// A container image reference: leads to its registry.
    Image(String),
    /// A provider's product, known without a name: `stripe`, (`aws`, `sqs`, region).
    Provider {
        /// Provider id.
        provider: String,
        /// Product.
        service: Option<String>,
        /// Region.
        region: Option<String>,
    },
    /// Something named that could not be read: kept as an unresolved node.
    Unresolved {
        /// The text that names it.
        text: String,
        /// Why it could not be resolved.
        because: String,
    },
}

impl Unit {
    /// An empty unit.
    pub fn new(format: &'static str, name: impl Into<String>, folder: impl Into<String>) -> Self {
        Unit { name: name.into(), format, folder: folder.into(), ..Unit::default() }
    }

    /// Adds a name; it is lower-cased and stripped of its final dot.
    pub fn add_name(&mut self, name: &str, id: &Id, reach: Reach) {
        let name = name.trim().trim_end_matches('.').to_lowercase();
        self.names.push(Name { name, id: id.clone(), reach });
    }

    /// Says that a node answers for a host; it is lower-cased and stripped of its final dot.
    pub fn add_served(&mut self, host: &str, id: &Id, evidence: Evidence) {
        let host = host.trim().trim_end_matches('.').to_lowercase();
        self.serves.push(Serves { host, id: id.clone(), evidence });
    }

    /// Says that the services of the unit run the program of a folder.
    pub fn run_program_of(&mut self, folder: &str) {
        let services = self.nodes.iter().filter(|node| node.is_service);
        let program = |node: &Node| Program { folder: folder.to_owned(), run_by: Some(node.id.clone()) };
        self.programs.extend(services.map(program));
    }
}
