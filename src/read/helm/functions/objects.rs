//! Methods of Helm's own objects: `.Files.Get`, `.Capabilities.APIVersions.Has`.

use base64::Engine as _;

use super::arg;
use crate::read::helm::eval::{Engine, Failure};
use crate::read::helm::value::{Value, to_yaml};

/// Calls a method of one of Helm's own objects.
pub(in crate::read::helm) fn method(
    engine: &mut Engine<'_>,
    owner: &Value,
    name: &str,
    args: &[Value],
) -> Result<Value, Failure> {
    let wanted = arg(args, 0).print();
    let files = &engine.world.files;
    match (owner, name) {
        (Value::ApiVersions, "Has") => Ok(Value::Bool(has_api(&wanted))),
        (Value::Files, "Get") => {
            Ok(Value::str(files.get(wanted.trim_start_matches("./")).copied().unwrap_or("")))
        }
        (Value::Files, "GetBytes") => Ok(Value::str(files.get(wanted.as_str()).copied().unwrap_or(""))),
        (Value::Files, "Lines") => {
            let text = files.get(wanted.as_str()).copied().unwrap_or("");
            Ok(Value::list(text.lines().map(Value::str).collect()))
        }
        (Value::Files, "Glob") => {
            let glob = globset::GlobBuilder::new(&wanted).literal_separator(true).build();
            let matcher = glob.map_err(|_| format!("`{wanted}` is no pattern of paths"))?.compile_matcher();
            let found = files.iter().filter(|(path, _)| matcher.is_match(path));
            Ok(Value::map(found.map(|(path, text)| (path.clone(), Value::str(*text)))))
        }
        (Value::Map(map), "AsConfig" | "AsSecrets") => {
            let secret = name == "AsSecrets";
            let named = map
                .borrow()
                .iter()
                .map(|(path, value)| {
                    let text = value.print();
                    let text =
                        if secret { base64::engine::general_purpose::STANDARD.encode(text) } else { text };
                    (path.rsplit('/').next().unwrap_or(path).to_owned(), Value::str(text))
                })
                .collect::<Vec<_>>();
            Ok(Value::str(to_yaml(&Value::map(named))))
        }
        (Value::Map(map), "Get") => Ok(map.borrow().get(&wanted).cloned().unwrap_or(Value::Nil)),
        _ => Err(format!("method `{name}` is not known")),
    }
}

/// Whether a current cluster without further controllers serves an API.
fn has_api(wanted: &str) -> bool {
    const SERVED: &[&str] = &[
        "v1",
        "apps/v1",
        "batch/v1",
        "autoscaling/v1",
        "autoscaling/v2",
        "policy/v1",
        "networking.k8s.io/v1",
        "rbac.authorization.k8s.io/v1",
        "storage.k8s.io/v1",
        "apiextensions.k8s.io/v1",
        "scheduling.k8s.io/v1",
        "admissionregistration.k8s.io/v1",
        "coordination.k8s.io/v1",
        "discovery.k8s.io/v1",
    ];
    SERVED
        .iter()
        .any(|api| wanted == *api || wanted.strip_prefix(api).is_some_and(|rest| rest.starts_with('/')))
}
