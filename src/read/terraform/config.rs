//! The declarations of one folder: what a module consists of, before anything is evaluated.

use std::collections::BTreeMap;

use super::syntax::{Attribute, Block, Body, ParsedFile};
use crate::model::Evidence;
use crate::source::SourceFile;

/// A block and the file it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) block: &'a Block,
}

impl<'a> Declared<'a> {
    pub(super) fn body(&self) -> &'a Body {
        &self.block.body
    }

    /// The block's first line.
    pub(super) fn evidence(&self) -> Evidence {
        Evidence::at(self.file, self.block.at as usize)
    }
}

/// Whether a resource is made or only looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Managed,
    Data,
}

/// A `resource` or `data` block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource<'a> {
    pub(super) mode: Mode,
    pub(super) type_name: &'a str,
    pub(super) name: &'a str,
    pub(super) declared: Declared<'a>,
}

/// The declarations of a folder.
#[derive(Debug, Default)]
pub(super) struct Module<'a> {
    pub(super) folder: String,
    pub(super) variables: BTreeMap<&'a str, Declared<'a>>,
    pub(super) locals: BTreeMap<&'a str, (&'a SourceFile, &'a Attribute)>,
    pub(super) outputs: BTreeMap<&'a str, Declared<'a>>,
    pub(super) resources: Vec<Resource<'a>>,
    by_address: BTreeMap<(Mode, &'a str, &'a str), u32>,
    pub(super) calls: BTreeMap<&'a str, Declared<'a>>,
    pub(super) providers: Vec<Declared<'a>>,
    pub(super) settings: Vec<Declared<'a>>,
    pub(super) moved: Vec<Declared<'a>>,
    pub(super) files: Vec<&'a SourceFile>,
    /// Blocks of any other kind.
    pub(super) others: Vec<Declared<'a>>,
    /// Attributes that stand outside any block.
    pub(super) top_level: Vec<(&'a SourceFile, &'a Attribute)>,
}

impl<'a> Module<'a> {
    /// Collects the declarations of files, in their order; `*override.tf` files come last and win.
    pub(super) fn new(folder: &str, files: impl IntoIterator<Item = &'a ParsedFile>) -> Self {
        let mut module = Module { folder: folder.to_owned(), ..Module::default() };
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_cached_key(|file| (is_override(file.source.name()), file.source.path().clone()));
        for file in files {
            module.files.push(&file.source);
            module.top_level.extend(file.body.attributes.iter().map(|attribute| (&file.source, attribute)));
            for block in &file.body.blocks {
                module.add(Declared { file: &file.source, block });
            }
        }
        module
    }

    /// The index of a resource.
    pub(super) fn resource(&self, mode: Mode, type_name: &str, name: &str) -> Option<u32> {
        self.by_address.get(&(mode, type_name, name)).copied()
    }

    fn add(&mut self, declared: Declared<'a>) {
        let labels = &declared.block.labels;
        match (&*declared.block.kind, labels.as_slice()) {
            ("variable", [name]) => drop(self.variables.insert(name, declared)),
            ("output", [name]) => drop(self.outputs.insert(name, declared)),
            ("module", [name]) => drop(self.calls.insert(name, declared)),
            ("provider", [_]) => self.providers.push(declared),
            ("terraform", []) => self.settings.push(declared),
            ("moved", []) => self.moved.push(declared),
            ("locals", []) => {
                for attribute in &declared.block.body.attributes {
                    self.locals.insert(&attribute.name, (declared.file, attribute));
                }
            }
            ("resource", [type_name, name]) => self.add_resource(Mode::Managed, type_name, name, declared),
            ("data", [type_name, name]) => self.add_resource(Mode::Data, type_name, name, declared),
            _ => self.others.push(declared),
        }
    }

    fn add_resource(&mut self, mode: Mode, type_name: &'a str, name: &'a str, declared: Declared<'a>) {
        let resource = Resource { mode, type_name, name, declared };
        match self.by_address.get(&(mode, type_name, name)) {
            Some(_) if is_override(declared.file.name()) => {}
            Some(index) => self.resources[*index as usize] = resource,
            None => {
                self.by_address.insert((mode, type_name, name), self.resources.len() as u32);
                self.resources.push(resource);
            }
        }
    }
}

fn is_override(name: &str) -> bool {
    let stem = name.trim_end_matches(".json").trim_end_matches(".tf").trim_end_matches(".tofu");
    stem == "override" || stem.ends_with("_override")
}
