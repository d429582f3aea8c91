//! The linchpin program: parse, run, exit code.

fn main() -> std::process::ExitCode {
    linchpin::cli::main()
}
