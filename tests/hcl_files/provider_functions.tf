terraform {
  required_providers {
    time = { source = "hashicorp/time" }
  }
}
output "unix" {
  value = provider::time::rfc3339_parse("2024-01-01T00:00:00Z").unix
}
