//! The closed sets of words that nodes, edges and findings are described with.

/// Declares an enum whose variants have one word each in reports.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident => $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word used in reports and files.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The value of a word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

words! {
    /// What a node is.
    Kind {
        /// Something the organization runs and would miss.
        Service => "service",
        /// A deployable or managed part: database, queue, bucket, load balancer, cluster, certificate.
        Component => "component",
        /// An organization that runs things for others.
        Provider => "provider",
        /// One product of a provider in one scope.
        ProviderService => "provider-service",
        /// A region of a provider.
        Region => "region",
        /// A zone within a region.
        Zone => "zone",
        /// A published name.
        Domain => "domain",
        /// A DNS zone.
        DnsZone => "dns-zone",
        /// A hostname or address that nothing in the input defines.
        Host => "host",
        /// Another reference that nothing in the input defines.
        Unresolved => "unresolved",
        /// The part of a provider that changes things, apart from the part that serves.
        ControlPlane => "control-plane",
    }
}

words! {
    /// What a component is for.
    Category {
        /// Runs the organization's code.
        Compute => "compute",
        /// Keeps records.
        Database => "database",
        /// Keeps copies.
        Cache => "cache",
        /// Queues, topics, streams.
        Queue => "queue",
        /// Buckets, volumes, file systems.
        Storage => "storage",
        /// NAT, VPN, subnets, gateways.
        Network => "network",
        /// Spreads requests.
        LoadBalancer => "load-balancer",
        /// Container and compute clusters.
        Cluster => "cluster",
        /// Name service.
        Dns => "dns",
        /// Content delivery.
        Cdn => "cdn",
        /// Mail.
        Mail => "mail",
        /// Sign-in and access.
        Identity => "identity",
        /// Payments.
        Payments => "payments",
        /// Metrics, logs, alerts, status pages.
        Monitoring => "monitoring",
        /// Images, packages.
        Registry => "registry",
        /// Builds and deployments.
        Ci => "ci",
        /// Secrets and keys.
        Secrets => "secrets",
        /// Certificates and their issuers.
        Certificates => "certificates",
        /// Search engines.
        Search => "search",
        /// Backups.
        Backup => "backup",
        /// Any other service of somebody else.
        Saas => "saas",
        /// None of these.
        Other => "other",
    }
}

words! {
    /// When a dependency is needed.
    Phase {
        /// Its loss is felt now.
        Runtime => "runtime",
        /// Without it nothing starts, scales or restarts.
        Startup => "startup",
        /// Without it nothing ships.
        Deploy => "deploy",
        /// Without it the organization is blind.
        Observe => "observe",
        /// Without it nothing fails over or is restored.
        Recover => "recover",
    }
}

words! {
    /// What the loss of a dependency means.
    Need {
        /// An outage.
        Required => "required",
        /// A degradation.
        Optional => "optional",
    }
}

words! {
    /// Who says so. Later is stronger.
    Confidence {
        /// The catalog says so of things of this kind.
        Assumed => "assumed",
        /// Read off a manifest.
        Inferred => "inferred",
        /// Seen in DNS, a plan or a state.
        Observed => "observed",
        /// Written by a person for linchpin.
        Declared => "declared",
    }
}

words! {
    /// The level of a failure domain, small to large, then those beside the ladder.
    Level {
        /// One instance of a component.
        Instance => "instance",
        /// One machine.
        Host => "host",
        /// One zone.
        Zone => "zone",
        /// One region.
        Region => "region",
        /// One product of a provider.
        ProviderService => "provider-service",
        /// A whole provider.
        Provider => "provider",
        /// A service of somebody else.
        External => "external",
        /// The operator of a DNS zone.
        Dns => "dns",
        /// The part of a provider that changes things.
        ControlPlane => "control-plane",
    }
}

words! {
    /// The largest failure domain of which a component survives the loss of any one, by itself, as declared.
    Tolerance {
        /// Not known; see the node's `tolerance_because`.
        Unknown => "unknown",
        /// One instance: its loss is the component's loss.
        Nothing => "nothing",
        /// Any one instance may go; nothing says that two do not share a host.
        Instance => "instance",
        /// Any one host may go.
        Host => "host",
        /// Any one zone may go.
        Zone => "zone",
        /// Any one region may go.
        Region => "region",
    }
}
