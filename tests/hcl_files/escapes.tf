locals {
  controls = "tab\there\nline\r\"quoted\" back\\slash"
  unicode  = "\u00e9 \U0001F600 é ü 日本"
  regex    = "^[a-z]+\\.[0-9]{2}$"
}
