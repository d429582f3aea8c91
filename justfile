# Everything a contributor runs. `just` lists it.

_default:
    @just --list

# The tests: nothing but Rust, offline.
test:
    cargo test --locked

# What a change has to pass before it is proposed.
ready: format lint docs test

format:
    cargo fmt --all

lint:
    cargo clippy --all-targets -- -D warnings

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Fuzzes each target, or those that are named, for some seconds; needs cargo-fuzz.
fuzz seconds="60" *targets:
    scripts/fuzz {{seconds}} {{targets}}

# Licences, advisories, sources of the dependencies.
deny:
    cargo deny check

# A scan of the example organization.
demo:
    cargo run --release -- scan fixtures/estates/shop

# Fetches the providers' address ranges and packs the table of them anew.
ip-table:
    scripts/rebuild-ip-table

# Everything that CI runs.
ci:
    bash .ci/run
