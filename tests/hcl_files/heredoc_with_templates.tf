locals {
  hosts = ["a", "b"]
  text  = <<-EOT
    %{ for index, host in local.hosts ~}
    ${index}: ${upper(host)}
    %{ endfor ~}
    %{ if length(local.hosts) > 1 }many%{ else }one%{ endif }
    ${join(",", [for host in local.hosts : <<-INNER
      <${host}>
    INNER
])}
  EOT
}
