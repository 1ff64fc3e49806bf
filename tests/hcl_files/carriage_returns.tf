locals {
  text = <<EOT
one
  EOT,
two
EOT
  list = [
    1,
    2,
  ]
}
