# Values as users write them.
region = "eu"
tags = {
  Team  = "core"
  Stage = "dev"
  Team  = "shop"
}
ports  = [80, 443,]
script = <<-EOT
  #!/bin/sh
  EOT"
  echo done
EOT
price  = 0.1
nothing = null
