//! Netlify sites (`netlify.toml`).

use super::{
    Deployed, Describe, Draft, Format, How, ReadContext, Value, file_name, folder_name, hosts, one_each,
};
use crate::model::{Category, Declarations, Id, Kind, Tolerance};
use crate::source::{SourceFile, Tree};

/// Netlify sites.
pub struct Netlify;

impl Format for Netlify {
    fn name(&self) -> &'static str {
        "netlify"
    }

    fn summary(&self) -> &'static str {
        "Netlify sites (netlify.toml): proxied backends, functions, settings"
    }

    fn wants(&self, path: &str) -> bool {
        file_name(path) == "netlify.toml"
    }

    fn claims(&self, _file: &SourceFile, _tree: &Tree) -> bool {
        true
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        one_each(self.name(), files, cx, deployed, read_site)
    }
}

fn deployed<'v>(file: &'v SourceFile, root: &'v Value) -> Deployed<'v> {
    let base = root.str_at(&["build", "base"]).unwrap_or("").trim_start_matches('/');
    let folder = Tree::resolve(file.folder(), base).unwrap_or_default();
    Deployed { name: folder_name(file.folder(), "site"), folder }
}

fn read_site(draft: &mut Draft<'_>, name: &str, root: &Value) {
    let id = Id::new(format!("netlify:{name}"));
    let node = draft.node(&id, Kind::Service, name, root);
    node.is(Category::Compute, "site").on("netlify", "hosting");
    node.placement.global = true;
    node.tolerance = Tolerance::Region;
    node.tolerance_because = Some("files are served from Netlify's delivery network".to_owned());
    if root.get("functions").is_some() {
        draft.provider(
            &id,
            "netlify",
            Some("functions"),
            How::OPTIONAL,
            root.get("functions").unwrap_or(root),
        );
    }
    for redirect in root.get("redirects").map(Value::items).unwrap_or_default() {
        // A status of 200 proxies; others send the browser elsewhere.
        let is_proxy = redirect.get("status").and_then(Value::integer) == Some(200);
        let target = redirect.str_at(&["to"]).filter(|_| is_proxy).and_then(hosts::of_url);
        if let (Some(target), Some(at)) = (target, redirect.get("to")) {
            draft.reference(&id, target, How::RUNTIME, at);
        }
    }
    let places: [&[&str]; 2] = [&["build", "environment"], &["context", "production", "environment"]];
    for settings in places.iter().filter_map(|path| root.at(path)) {
        draft.settings(&id, settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn only_proxies_are_needed() {
        let text = "[[redirects]]\nfrom = '/api/*'\nto = 'https://api.example.com/:splat'\nstatus = 200\n[[redirects]]\n\
                    from = '/old'\nto = 'https://old.example.com'\n";
        let tree = Tree::of_texts([("web/netlify.toml", text)]);
        let files: Vec<_> = tree.files().collect();
        let catalog = Catalog::default();
        let out = Netlify.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        assert_eq!(out.units[0].nodes[0].id.as_str(), "netlify:web");
        assert_eq!(out.units[0].references.len(), 1);
    }
}
