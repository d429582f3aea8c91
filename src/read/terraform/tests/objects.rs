//! Kubernetes objects and charts that configurations hold.

use super::*;

#[test]
fn kubernetes_resources_are_read_as_the_manifests_that_they_are() {
    let unit = unit(
        r#"
resource "aws_db_instance" "db" { engine = "postgres" }
resource "kubernetes_namespace" "shop" {
  metadata { name = "shop" }
}
resource "kubernetes_config_map" "web" {
  metadata {
    name      = "web"
    namespace = kubernetes_namespace.shop.metadata[0].name
  }
  data = {
    CACHE_HOST = "cache"
    SEARCH_URL = "https://search.example.com"
  }
}
resource "kubernetes_deployment" "web" {
  metadata {
    name      = "web"
    namespace = kubernetes_namespace.shop.metadata[0].name
  }
  spec {
    replicas = 3
    selector { match_labels = { app = "web" } }
    template {
      metadata { labels = { app = "web" } }
      spec {
        affinity {
          pod_anti_affinity {
            required_during_scheduling_ignored_during_execution {
              topology_key = "topology.kubernetes.io/zone"
              label_selector { match_labels = { app = "web" } }
            }
          }
        }
        container {
          name  = "web"
          image = "ghcr.io/shop/web:1"
          env {
            name  = "DATABASE_URL"
            value = "postgres://shop@${aws_db_instance.db.address}/shop"
          }
          env {
            name  = "QUEUE_HOST"
            value = "${kubernetes_service.queue.metadata[0].name}.shop.svc"
          }
          env_from {
            config_map_ref { name = "web" }
          }
        }
      }
    }
  }
}
resource "kubernetes_stateful_set_v1" "cache" {
  metadata {
    name      = "cache"
    namespace = "shop"
  }
  spec {
    service_name = "cache"
    selector { match_labels = { app = "cache" } }
    template {
      metadata { labels = { app = "cache" } }
      spec {
        container {
          name  = "redis"
          image = "redis:7"
        }
      }
    }
  }
}
resource "kubernetes_service" "cache" {
  metadata {
    name      = "cache"
    namespace = "shop"
  }
  spec {
    selector = { app = "cache" }
    port { port = 6379 }
  }
}
resource "kubernetes_service_v1" "queue" {
  metadata {
    name      = "other"
    namespace = "shop"
  }
  spec { selector = { app = "other" } }
}
resource "kubernetes_service" "queue" {
  metadata {
    name      = "queue"
    namespace = "shop"
  }
  spec { selector = { app = "queue" } }
}
resource "kubernetes_deployment" "queue" {
  metadata {
    name      = "queue"
    namespace = "shop"
  }
  spec {
    replicas = var.queues
    template {
      metadata { labels = { app = "queue" } }
      spec {
        container {
          name  = "queue"
          image = "rabbitmq:3"
        }
      }
    }
  }
}
variable "queues" {}
"#
        .replace("{ name = \"shop\" }", "{\n name = \"shop\"\n}")
        .as_str(),
    );
    let web = "tf:kubernetes_deployment.web";
    has_edge(&unit, &format!("{web} -> tf:aws_db_instance.db runtime required"));
    has_edge(&unit, &format!("{web} -> tf:kubernetes_stateful_set_v1.cache runtime required"));
    has_edge(&unit, &format!("{web} -> tf:kubernetes_deployment.queue runtime required"));
    has_edge(&unit, &format!("{web} -> image ghcr.io/shop/web:1 startup required"));
    has_edge(&unit, &format!("{web} -> host search.example.com runtime optional"));
    let node_of = |id: &str| node(&unit, id);
    assert_eq!(node_of(web).replication.replicas, Some(3));
    assert_eq!(node_of(web).tolerance, Tolerance::Zone);
    assert_eq!(node_of(web).placement.provider, None, "a cluster is no provider");
    let cache = node_of("tf:kubernetes_stateful_set_v1.cache");
    assert_eq!(
        (cache.tolerance, cache.attributes.text(Attribute::Engine)),
        (Tolerance::Nothing, Some("redis"))
    );
    let queue = node_of("tf:kubernetes_deployment.queue");
    assert_eq!((queue.replication.replicas, queue.tolerance), (None, Tolerance::Unknown));
    let place = unit.edges.iter().find(|edge| edge.to == cache.id).unwrap().evidence[0].location().unwrap();
    assert!((13..=14).contains(&place.line), "where the config map says it, not {}", place.line);
}

#[test]
fn a_helm_release_is_the_chart_beside_it_or_one_from_elsewhere() {
    let declared = read(&[
        (
            "live/main.tf",
            r#"
resource "helm_release" "shop" {
  name      = "shop"
  namespace = "apps"
  chart     = "${path.module}/../charts/shop"
  values    = [yamlencode({ replicas = 2, cache = { host = "redis-master" } })]
  set {
    name  = "replicas"
    value = "4"
  }
}
resource "helm_release" "redis" {
  name       = "redis"
  namespace  = "apps"
  repository = "https://charts.bitnami.com/bitnami"
  chart      = "redis"
}
"#,
        ),
        ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\n"),
        ("charts/shop/values.yaml", "replicas: 1\ncache: {host: none}\n"),
        (
            "charts/shop/templates/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: '{{ .Release.Name }}-web'}\nspec: {replicas: {{ .Values.replicas }}, template: {spec: {containers: [{image: me/web, env: [{name: CACHE_HOST, value: '{{ .Values.cache.host }}'}]}]}}}\n",
        ),
    ]);
    let unit = &declared.units[0];
    let web = node(unit, "k8s:apps/Deployment/shop-web");
    assert_eq!(web.replication.replicas, Some(4));
    has_edge(unit, "k8s:apps/Deployment/shop-web -> tf:helm_release.redis runtime required");
    has_edge(unit, "k8s:apps/Deployment/shop-web -> tf:helm_release.shop deploy required");
    assert!(unit.deploys.contains("charts/shop"));
    assert!(!node(unit, "tf:helm_release.shop").is_service, "what runs is the chart's");
}
