//! Settings of programs: environments, images, hosts.
