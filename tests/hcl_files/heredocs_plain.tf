locals {
  text = <<EOT
  indented line
	tab "quotes" and \n backslashes stay
$${literal} %%{literal} $5 100%
EOT
  empty = <<EOT
EOT
  after = 1
}
