locals {
  text = <<-EOT
    first
      second

    third
    EOT
  in_call = join("|", [<<-A
    one
  A
  , <<-B
    two
    B
  ])
  trimmed = trimspace(<<-EOT
    ${"inner"} text
  EOT
  )
}
