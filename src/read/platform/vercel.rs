//! Vercel projects (`vercel.json`).

use super::{
    Deployed, Describe, Draft, Format, How, ReadContext, Value, file_name, folder_name, hosts, one_each,
};
use crate::model::{Category, Declarations, Id, Kind};
use crate::source::{SourceFile, Tree};

/// Vercel projects.
pub struct Vercel;

impl Format for Vercel {
    fn name(&self) -> &'static str {
        "vercel"
    }

    fn summary(&self) -> &'static str {
        "Vercel projects (vercel.json): regions, rewrites to other hosts, settings"
    }

    fn wants(&self, path: &str) -> bool {
        matches!(file_name(path), "vercel.json" | "now.json")
    }

    fn claims(&self, _file: &SourceFile, _tree: &Tree) -> bool {
        true
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        one_each(self.name(), files, cx, deployed, read_project)
    }
}

fn deployed<'v>(file: &'v SourceFile, root: &'v Value) -> Deployed<'v> {
    let name = root.str_at(&["name"]).unwrap_or(folder_name(file.folder(), "site"));
    Deployed { name, folder: file.folder().to_owned() }
}

fn read_project(draft: &mut Draft<'_>, name: &str, root: &Value) {
    let id = Id::new(format!("vercel:{name}"));
    let node = draft.node(&id, Kind::Service, name, root);
    node.is(Category::Compute, "project").on("vercel", "hosting");
    let regions: Vec<&str> = root
        .get("regions")
        .map(Value::items_or_self)
        .unwrap_or_default()
        .iter()
        .filter_map(|region| region.str())
        .collect();
    match regions.as_slice() {
        [region] if *region != "all" => node.placement.region = Some((*region).to_owned()),
        [] => {}
        _ => {
            node.placement.region_unknown =
                Some(format!("it runs in several regions: {}", regions.join(", ")))
        }
    }
    for key in ["alias", "domains"] {
        for domain in root.get(key).map(Value::items_or_self).unwrap_or_default() {
            let evidence = draft.evidence(domain);
            draft.unit.add_served(domain.str().unwrap_or(""), &id, evidence);
        }
    }
    let rewrites = root.get("rewrites").or_else(|| root.get("routes"));
    let lists = rewrites.into_iter().flat_map(|list| {
        let parts = ["beforeFiles", "afterFiles", "fallback"].iter().filter_map(|part| list.get(part));
        parts.chain([list]).flat_map(Value::items)
    });
    for rule in lists.collect::<Vec<_>>() {
        let at = rule.get("destination").or(rule.get("dest"));
        // A route with a status answers by itself.
        let target = at.filter(|_| rule.get("status").is_none()).and_then(|at| hosts::of_url(at.str()?));
        if let (Some(target), Some(at)) = (target, at) {
            draft.reference(&id, target, How::RUNTIME, at);
        }
    }
    let places: [&[&str]; 2] = [&["env"], &["build", "env"]];
    for settings in places.iter().filter_map(|path| root.at(path)) {
        draft.settings(&id, settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn one_region_is_a_place_and_several_are_not() {
        let read = |text: &str| {
            let tree = Tree::of_texts([("vercel.json", text)]);
            let files: Vec<_> = tree.files().collect();
            let catalog = Catalog::default();
            Vercel
                .read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None })
                .units
                .remove(0)
        };
        let unit = read(
            "{\"regions\": [\"fra1\"], \"rewrites\": [{\"source\": \"/a\", \"destination\": \"https://a.example.com/\"}, \
                         {\"source\": \"/b\", \"destination\": \"/c\"}]}",
        );
        assert_eq!(unit.nodes[0].placement.region.as_deref(), Some("fra1"));
        assert_eq!(unit.references.len(), 1);
        assert!(read("{\"regions\": [\"fra1\", \"iad1\"]}").nodes[0].placement.region.is_none());
    }
}
