locals {
  script = <<EOT
sqlplus <<EOT
shutdown << EOT
EOT"
EOT)
EOT ; exit
  EOT.
EOTX
EOT
  other = <<-E_1
    E_1, E_1
    E_10
    E_1
  last = "EOT"
}
