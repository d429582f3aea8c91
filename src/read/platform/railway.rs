//! Railway services (`railway.toml`, `railway.json`).

use super::{Deployed, Describe, Draft, Format, ReadContext, Value, file_name, folder_name, one_each};
use crate::model::{Attribute, Category, Declarations, Id, Kind};
use crate::source::{SourceFile, Tree};

/// Railway services.
pub struct Railway;

impl Format for Railway {
    fn name(&self) -> &'static str {
        "railway"
    }

    fn summary(&self) -> &'static str {
        "Railway services (railway.toml, railway.json): replicas and regions"
    }

    fn wants(&self, path: &str) -> bool {
        matches!(file_name(path), "railway.toml" | "railway.json")
    }

    fn claims(&self, _file: &SourceFile, _tree: &Tree) -> bool {
        true
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        one_each(self.name(), files, cx, deployed, read_service)
    }
}

fn deployed<'v>(file: &'v SourceFile, _root: &'v Value) -> Deployed<'v> {
    Deployed { name: folder_name(file.folder(), "service"), folder: file.folder().to_owned() }
}

fn read_service(draft: &mut Draft<'_>, name: &str, root: &Value) {
    let id = Id::new(format!("railway:{name}"));
    let deploy = root.at(&["environments", "production", "deploy"]).or_else(|| root.get("deploy"));
    let node = draft.node(&id, Kind::Service, name, deploy.unwrap_or(root));
    node.is(Category::Compute, "service").on("railway", "compute");
    let Some(deploy) = deploy else { return };
    let regions = deploy.get("multiRegionConfig").map(Value::entries).unwrap_or_default();
    match regions.as_slice() {
        [] => node.placement.region = deploy.str_at(&["region"]).map(str::to_owned),
        [(region, _)] => node.placement.region = Some(region.text.to_string()),
        _ => node.placement.region_unknown = Some(format!("it runs in {} regions", regions.len())),
    }
    let per_region =
        regions.iter().filter_map(|(_, region)| region.get("numReplicas")?.integer()).sum::<i64>();
    let written =
        deploy.get("numReplicas").and_then(Value::integer).or((per_region > 0).then_some(per_region));
    match written.and_then(|count| u32::try_from(count).ok()) {
        Some(count) => node.instances(count, &format!("`numReplicas` is {count}")),
        None => node.instances(1, "`numReplicas` is not set: one replica"),
    };
    if deploy.get("healthcheckPath").is_some() {
        node.flag(Attribute::HealthChecked, true, None);
    }
    if deploy.get("cronSchedule").is_some_and(|schedule| !schedule.is_null()) {
        node.flag(Attribute::Batch, true, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn replicas_of_all_regions_count() {
        let text = "{\"deploy\": {\"multiRegionConfig\": {\"us-west2\": {\"numReplicas\": 2}, \"europe-west4\": {\"numReplicas\": 1}}}}";
        let tree = Tree::of_texts([("api/railway.json", text)]);
        let files: Vec<_> = tree.files().collect();
        let catalog = Catalog::default();
        let out = Railway.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let node = &out.units[0].nodes[0];
        assert_eq!((node.id.as_str(), node.replication.replicas), ("railway:api", Some(3)));
        assert!(node.placement.region.is_none() && node.placement.region_unknown.is_some());
    }
}
