locals {
  mark = "after a byte order mark"
}
