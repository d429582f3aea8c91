//! `go.mod`.

use super::{Direct, Manifest};
use crate::source::{Problems, SourceFile, Tree};

pub(super) fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some("go.mod")
}

pub(super) fn read(file: &SourceFile, _tree: &Tree, _odd: &mut Problems) -> Manifest {
    let mut manifest = Manifest::default();
    let mut block = "";
    for (at, line) in file.text().lines().enumerate() {
        // Marked by `go mod tidy` where nothing of the module itself imports it.
        if line.contains("// indirect") {
            continue;
        }
        let words: Vec<&str> = line.split("//").next().unwrap_or("").split_whitespace().collect();
        let (keyword, rest) = match words.as_slice() {
            [")"] => {
                block = "";
                continue;
            }
            [keyword, "("] => {
                block = keyword;
                continue;
            }
            [keyword, rest @ ..] if block.is_empty() => (*keyword, rest),
            rest => (block, rest),
        };
        match (keyword, rest) {
            ("module", [path, ..]) => manifest.name = last_part(path),
            ("require", [path, ..]) => {
                manifest.packages.push(Direct { name: (*path).to_owned(), line: at as u32 + 1 });
            }
            _ => {}
        }
    }
    manifest
}

/// `shop` of `example.com/acme/shop/v2`.
fn last_part(path: &str) -> Option<String> {
    let is_version =
        |part: &str| part.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    path.rsplit('/').find(|part| !is_version(part)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use crate::read::packages::tests::names;

    #[test]
    fn indirect_modules_and_replacements_do_not_count() {
        let text = "module example.com/acme/shop/v2\n\ngo 1.22\n\nrequire github.com/stripe/stripe-go/v76 v76.1.0\nrequire (\n\tgithub.com/aws/aws-sdk-go-v2 v1 // pinned\n\tgithub.com/getsentry/sentry-go v0 // indirect\n)\nreplace (\n\ta => ./a\n)\n";
        assert_eq!(
            names("shop/go.mod", text),
            ["github.com/stripe/stripe-go/v76:5", "github.com/aws/aws-sdk-go-v2:7"]
        );
    }
}
