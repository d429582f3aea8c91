//! Folders whose contents are not what an organization runs.

/// Why a folder is left out, by one of the parts of its path; `None` when it is not.
pub fn left_out_folder(folder: &str) -> Option<&'static str> {
    folder.split('/').find_map(left_out_part)
}

fn left_out_part(part: &str) -> Option<&'static str> {
    let part = part.to_ascii_lowercase();
    Some(match part.as_str() {
        "test" | "tests" | "testing" | "testdata" | "test-data" | "test_data" | "__tests__" | "spec"
        | "e2e" | "integration-tests" | "integration_tests" | "test-infra" | "fixtures" | "__fixtures__"
        | "molecule" => "test folder",
        "example"
        | "examples"
        | "sample"
        | "samples"
        | "demo"
        | "demos"
        | "tutorial"
        | "tutorials"
        | "quickstart"
        | "quickstarts"
        | "playground-examples" => "example folder",
        ".devcontainer" | "devcontainer" | ".vscode" | ".idea" => "development folder",
        "archive" | "archived" | "deprecated" | "attic" | "obsolete" | "_archive" | ".archive" | "old" => {
            "archived folder"
        }
        "node_modules" | "vendor" | "third_party" | "third-party" | ".terraform" | ".terragrunt-cache"
        | "bower_components" => "vendored folder",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::left_out_folder;

    #[test]
    fn parts_are_matched_whole() {
        assert_eq!(left_out_folder("infra/examples/db"), Some("example folder"));
        assert_eq!(left_out_folder("a/Test/b"), Some("test folder"));
        assert_eq!(left_out_folder("accounts/legacy/contest"), None);
        assert_eq!(left_out_folder(""), None);
    }
}
