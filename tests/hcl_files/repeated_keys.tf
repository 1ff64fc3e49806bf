locals {
  route = {
    priority = null
    name     = "api"
    priority = 10
  }
  quoted = { "a b" : 1, "a b" : 2 }
  mixed  = { a = 1, "a" = 2 }
  deep   = [{ x = { y = 1, y = 2 }, x = { y = 3 } }]
}
