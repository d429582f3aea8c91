//! Terraform, OpenTofu and Terragrunt.

mod config;
mod convert;
mod evaluate;
mod files;
mod functions;
mod json;
mod parse;
mod syntax;
mod value;
mod world;
